/** For a phone in the sun: large, always black on white, colour never alone. No external assets. */
export const STYLE = `
:root { color-scheme: light; --ink: #000; --paper: #fff; --line: #767676; --faint: #d4d4d4; --ok: #00600a; --attention: #7a4300; --broken: #a80000; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 12px; max-width: 80rem; font: 18px/1.4 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.2; }
h2 { margin: 1.6rem 0 .4rem; font-size: 1.2rem; }
h3 { margin: 0; font-size: 1.1rem; overflow-wrap: anywhere; }
.id { margin: .2rem 0 0; font: .75rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.overall { margin: .8rem 0; padding: .6rem .8rem; font-size: 1.3rem; font-weight: 700; color: #fff; border-radius: 8px; }
.overall.ok { background: var(--ok); } .overall.attention { background: var(--attention); } .overall.broken { background: var(--broken); }
.parts { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
.cards { columns: 22rem; column-gap: .6rem; } .cards .card { margin: 0 0 .6rem; break-inside: avoid; }
.part, .card { min-width: 0; padding: .5rem .8rem; border: 1px solid var(--line); border-radius: 8px; }
.part { border-left: 10px solid; }
.part.ok { border-left-color: var(--ok); } .part.attention { border-left-color: var(--attention); } .part.broken { border-left-color: var(--broken); }
.part h3 { display: flex; justify-content: space-between; gap: .5rem; }
.part p, .card p { margin: .2rem 0 0; overflow-wrap: anywhere; }
.state { flex: none; } .state.ok { color: var(--ok); } .state.attention { color: var(--attention); } .state.broken { color: var(--broken); }
.advice { font-weight: 700; }
dl { margin: .3rem 0 0; }
dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .15rem 0; border-top: 1px solid var(--faint); }
dl div:first-child { border-top: 0; }
dt { flex: none; max-width: 50%; } dd { margin: 0; text-align: right; font-weight: 600; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { width: 100%; margin: .5rem 0 0; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .4rem; text-align: right; white-space: nowrap; border-top: 1px solid var(--faint); }
th { border-top: 0; font-size: .9rem; }
th:first-child, td:first-child { padding-left: 0; text-align: left; } th:last-child, td:last-child { padding-right: 0; }
ul { margin: 0; padding: 0; list-style: none; }
li { padding: .5rem 0; border-top: 1px solid var(--faint); } h3 + ul li:first-child { border-top: 0; }
li p { margin: 0; } li .small { font-size: .9rem; }
footer { margin: 1.6rem 0 0; padding-top: .5rem; border-top: 1px solid var(--line); font-size: .9rem; }
`;

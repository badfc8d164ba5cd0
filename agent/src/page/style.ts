/** For a phone in the sun: large, always black on white, colour never alone. No external assets. */
export const STYLE = `
:root { color-scheme: light; --ink: #000; --paper: #fff; --line: #767676; --ok: #00600a; --attention: #7a4300; --broken: #a80000; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 12px; max-width: 46rem; font: 18px/1.4 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.2; }
h2 { margin: 1.6rem 0 .4rem; font-size: 1.2rem; }
.id { margin: .2rem 0 0; font: .75rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.overall { margin: .8rem 0; padding: .6rem .8rem; font-size: 1.3rem; font-weight: 700; color: #fff; border-radius: 8px; }
.overall.ok { background: var(--ok); } .overall.attention { background: var(--attention); } .overall.broken { background: var(--broken); }
.part { margin: .6rem 0; padding: .5rem .8rem; border: 1px solid var(--line); border-left: 10px solid; border-radius: 8px; }
.part.ok { border-left-color: var(--ok); } .part.attention { border-left-color: var(--attention); } .part.broken { border-left-color: var(--broken); }
.part h3 { display: flex; justify-content: space-between; margin: 0; font-size: 1.1rem; }
.part p { margin: .2rem 0 0; overflow-wrap: anywhere; }
.state.ok { color: var(--ok); } .state.attention { color: var(--attention); } .state.broken { color: var(--broken); }
.advice { font-weight: 700; }
ul { margin: 0; padding: 0; list-style: none; }
li { padding: .5rem 0; border-top: 1px solid var(--line); }
li p { margin: 0; } li .small { font-size: .9rem; }
footer { margin: 1.6rem 0 0; padding-top: .5rem; border-top: 1px solid var(--line); font-size: .9rem; }
`;

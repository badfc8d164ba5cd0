import { html } from "hono/html";

export type Html = ReturnType<typeof html>;

export const megahertz = (freqHz: number): string => `${(freqHz / 1e6).toFixed(2)} MHz`;

/** A card with a title. */
export const card = (title: string, content: unknown): Html =>
  html`<section class="card"><h3>${title}</h3>${content}</section>`;

/** Facts, one a line; those without a value are left out. */
export function factList(facts: readonly (readonly [label: string, value: string | undefined])[]): Html {
  const known = facts.filter(([, value]) => value !== undefined && value !== "");
  return html`<dl>${known.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): Html {
  return html`<div class="wide"><table><thead><tr>${head.map((one) => html`<th>${one}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((one) => html`<td>${one ?? "–"}</td>`)}</tr>`)}</tbody></table></div>`;
}

export const count = (value: number): string => value.toLocaleString("en-US");

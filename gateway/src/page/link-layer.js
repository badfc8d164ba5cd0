import { s, set } from "./dom.js";

/** Links as arcs from beaconer to witness: paid ones solid, refused ones dashed with a cross, others grey dots. */

/** A ↔ B are two arcs, bent apart. */
const BEND = 0.09;

function arc(a, b) {
  const middle = { x: (a.x + b.x) / 2 - (b.y - a.y) * BEND, y: (a.y + b.y) / 2 + (b.x - a.x) * BEND };
  return {
    d: `M${a.x.toFixed(1)} ${a.y.toFixed(1)}Q${middle.x.toFixed(1)} ${middle.y.toFixed(1)} ${b.x.toFixed(1)} ${b.y.toFixed(1)}`,
    // The point half-way along a quadratic curve.
    x: (a.x + 2 * middle.x + b.x) / 4,
    y: (a.y + 2 * middle.y + b.y) / 4,
  };
}

function linkKind(link) {
  if (link.paid > 0) return "paid";
  return link.refused > 0 ? "refused" : "unpaid";
}

/** "3 paid, 1 valid but not paid, 2 refused". */
export const linkCounts = ({ paid, unpaid, refused }) =>
  `${paid} paid, ${unpaid > 0 ? `${unpaid} valid but not paid, ` : ""}${refused} refused`;

export const linkKey = ({ beaconer, witness }) => `${beaconer} ${witness}`;

/** `names`: hotspot names by id; `select(link)` is called on a click. */
export function linkLayer(links, points, names, select) {
  const drawn = links
    .filter(({ beaconer, witness }) => points.has(beaconer) && points.has(witness))
    // Refused ones are rarer and matter more: on top.
    .sort((a, b) => b.paid - a.paid)
    .map((link) => drawLink(link, names, select));
  return {
    element: s(
      "g",
      { class: "links" },
      drawn.map(({ group }) => group),
    ),
    /** Puts every arc where its ends now are. */
    place(screen) {
      for (const { link, lines, cross } of drawn) {
        const { d, x, y } = arc(screen(points.get(link.beaconer)), screen(points.get(link.witness)));
        for (const line of lines) set(line, { d });
        if (cross !== undefined) set(cross, { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
      }
    },
    /** Brings out the links of the selection; `isChosen(link)` says which. */
    highlight(isChosen) {
      for (const { link, group } of drawn) group.classList.toggle("chosen", isChosen?.(link) === true);
    },
    filter(shown) {
      for (const { link, group } of drawn) {
        group.toggleAttribute("hidden", !(shown === "all" || shown === linkKind(link)));
      }
    },
  };
}

function drawLink(link, names, select) {
  const kind = linkKind(link);
  const count = link.paid + link.unpaid + link.refused;
  const title = `${names.get(link.beaconer)} heard by ${names.get(link.witness)}: ${linkCounts(link)}`;
  const line = s("path", {
    class: "arc",
    "stroke-width": (1.2 + Math.min(2, Math.log2(count) * 0.45)).toFixed(2),
  });
  // A thin line is hard to hit.
  const target = s("path", { class: "target" }, s("title", {}, title));
  const cross =
    kind === "refused" ? s("path", { class: "cross", d: "M-3.5-3.5l7 7M3.5-3.5l-7 7" }) : undefined;
  const group = s("g", { class: `link ${kind}`, on: { click: () => select(link) } }, line, cross, target);
  return { link, group, lines: [line, target], cross };
}

import { s, set } from "./dom.js";
import { gridStep, project, unproject } from "./projection.js";

/** The layers of the map below and above the links: degree grid, hexes, hotspots. */

const CELL_WORDS = {
  proven: "coverage proven",
  refused: "reports refused, none paid",
  quiet: "online, nothing paid or refused",
  offline: "offline",
};

export function cellLayer(cells, select) {
  const drawn = cells.map((cell) => ({
    corners: cell.boundary.map(([latitude, longitude]) => project(latitude, longitude)),
    polygon: s(
      "polygon",
      { class: `cell ${cell.state}`, on: { click: () => select(cell) } },
      s("title", {}, `Hex ${cell.cell}: ${CELL_WORDS[cell.state]}, ${cell.hotspots.length} hotspots`),
    ),
  }));
  return {
    element: s(
      "g",
      { class: "cells" },
      drawn.map(({ polygon }) => polygon),
    ),
    place(screen) {
      for (const { corners, polygon } of drawn) {
        const points = corners.map((corner) => {
          const { x, y } = screen(corner);
          return `${x.toFixed(1)},${y.toFixed(1)}`;
        });
        set(polygon, { points: points.join(" ") });
      }
    },
  };
}

/** Beyond this the list of hotspots is the way for the keyboard: nobody tabs through a hundred markers. */
const MAX_TABBED = 60;

const markerWords = ({ name, online, recent }) =>
  `${name}, ${online ? "online" : "offline"}, ${recent.paid} of ${recent.judged} reports paid`;

/** `select(hotspot)` is called on a click, Enter or Space. */
export function hotspotLayer(hotspots, points, select) {
  const isTabbed = hotspots.length <= MAX_TABBED;
  const drawn = hotspots.map((hotspot) => {
    const choose = (event) => {
      if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      select(hotspot);
    };
    const label = s("text", { class: "label", x: 11, y: 4.5, "aria-hidden": "true" }, hotspot.name);
    const group = s(
      "g",
      {
        class: `hotspot ${hotspot.online ? "online" : "offline"}`,
        role: "button",
        tabindex: isTabbed ? "0" : "-1",
        "aria-label": markerWords(hotspot),
        "data-key": `marker ${hotspot.id}`,
        on: { click: choose, keydown: choose },
      },
      s("title", {}, markerWords(hotspot)),
      s("circle", { class: "halo", r: 12 }),
      s("circle", { class: "body", r: 6 }),
      label,
    );
    return { hotspot, group, label };
  });
  return {
    element: s(
      "g",
      { class: "hotspots" },
      drawn.map(({ group }) => group),
    ),
    place(screen, width, height) {
      const places = drawn.map(({ hotspot }) => screen(points.get(hotspot.id)));
      const markers = places.map(({ x, y }) => ({ left: x - 7, right: x + 7, top: y - 7, bottom: y + 7 }));
      const buttons = { left: width - 62, right: width, top: 0, bottom: 140 };
      const taken = [buttons, ...markers];
      drawn.forEach(({ hotspot, group, label }, i) => {
        const { x, y } = places[i];
        set(group, { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
        const isInside = x > 0 && y > 0 && x < width && y < height;
        const side = isInside ? freeSide(taken, { x, y }, hotspot.name.length * LETTER_PX, width) : undefined;
        label.toggleAttribute("hidden", side === undefined);
        if (side !== undefined) set(label, { x: side * 11, "text-anchor": side > 0 ? "start" : "end" });
      });
    },
    highlight(ids) {
      for (const { hotspot, group } of drawn) {
        group.classList.toggle("chosen", ids?.has(hotspot.id) === true);
      }
    },
  };
}

const LETTER_PX = 7.3;
/** Markers and labels that are compared with each other; beyond it labels would be in the way anyhow. */
const MAX_CLAIMS = 300;

/** Greedy: a label stands right (1) or left (-1) of its marker where no earlier label and no marker is in its way. */
function freeSide(taken, { x, y }, length, width) {
  if (taken.length > MAX_CLAIMS) return undefined;
  return [1, -1].find((side) => {
    const [left, right] = side > 0 ? [x + 8, x + 14 + length] : [x - 14 - length, x - 8];
    const box = { left, right, top: y - 10, bottom: y + 10 };
    const isFree = left > 0 && right < width && taken.every((other) => isApart(box, other));
    if (isFree) taken.push(box);
    return isFree;
  });
}

const isApart = (a, b) => a.left > b.right || a.right < b.left || a.top > b.bottom || a.bottom < b.top;

/** Degree lines with their values: a sense of place without any map from elsewhere. */
export function drawGrid(group, view, screen, width, height) {
  const scale = screen({ x: 1, y: 0 }).x - screen({ x: 0, y: 0 }).x;
  const corner = (px, py) =>
    unproject({ x: view.x + (px - width / 2) / scale, y: view.y + (py - height / 2) / scale });
  const northWest = corner(0, 0);
  const southEast = corner(width, height);
  const step = gridStep(view.zoom);
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  const lines = [];
  for (let lon = Math.ceil(northWest.longitude / step) * step; lon <= southEast.longitude; lon += step) {
    const { x } = screen(project(0, lon));
    lines.push(s("path", { d: `M${x.toFixed(1)} 0V${height}` }));
    lines.push(s("text", { x: x + 4, y: height - 6 }, `${lon.toFixed(digits)}°`));
  }
  for (let lat = Math.ceil(southEast.latitude / step) * step; lat <= northWest.latitude; lat += step) {
    const { y } = screen(project(lat, 0));
    lines.push(s("path", { d: `M0 ${y.toFixed(1)}H${width}` }));
    lines.push(s("text", { x: 6, y: y - 4 }, `${lat.toFixed(digits)}°`));
  }
  group.replaceChildren(...lines);
}

import { h, s } from "./dom.js";
import { metres } from "./format.js";
import { linkKey, linkLayer } from "./link-layer.js";
import { addGestures } from "./map-gestures.js";
import { cellLayer, drawGrid, hotspotLayer } from "./map-layers.js";
import {
  fitView,
  metresPerPixel,
  pixelsPerUnit,
  project,
  roundLength,
  toScreen,
  unproject,
  zoomAt,
} from "./projection.js";

const SCALE_BAR_PX = 120;

/** A map of hexes, links and hotspots drawn from the network's own data. */
export class FleetMap {
  view = { x: 0.5, y: 0.4, zoom: 2 };
  width = 1;
  height = 1;
  #svg;
  #grid = s("g", { class: "grid", "aria-hidden": "true" });
  #content = s("g");
  #scale = h("div", { class: "scale" });
  #layers = [];
  #links;
  #hotspots;
  #points = new Map();
  #fitPoints = [];
  #isFitted = false;
  #isDrawQueued = false;
  #select;
  #filter = "all";
  #selection;
  #observer;

  /** `select({ kind, ... })` with kind "cell", "hotspot" or "link", or undefined when nothing is selected any more. */
  constructor({ select, label }) {
    this.#select = select;
    this.#svg = s(
      "svg",
      { class: "canvas", role: "group", "aria-label": label, tabindex: "0" },
      definitions(),
    );
    this.#svg.append(this.#grid, this.#content);
    this.#svg.addEventListener("click", (event) => {
      if (event.target === this.#svg || this.#grid.contains(event.target)) this.#select(undefined);
    });
    const button = (text, name, act) =>
      h("button", { type: "button", "aria-label": name, title: name, on: { click: act } }, text);
    const buttons = h(
      "div",
      { class: "zoom", role: "group", "aria-label": "Zoom" },
      button("+", "Zoom in", () => this.#zoomBy(0.7)),
      button("−", "Zoom out", () => this.#zoomBy(-0.7)),
      button("⤢", "Show the whole fleet", () => this.fit()),
    );
    this.element = h("div", { class: "map" }, this.#svg, buttons, this.#scale);
    addGestures(this.#svg, this);
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(this.element);
  }

  close() {
    this.#observer.disconnect();
  }

  /** Shows other data; the place that is looked at stays. */
  show({ cells, hotspots, links }) {
    this.#points = new Map(hotspots.map(({ id, latitude, longitude }) => [id, project(latitude, longitude)]));
    const names = new Map(hotspots.map(({ id, name }) => [id, name]));
    const corners = cells.flatMap(({ boundary }) => boundary.map(([lat, lon]) => project(lat, lon)));
    this.#fitPoints = [...corners, ...this.#points.values()];
    const cellsDrawn = cellLayer(cells, (cell) => this.#select({ kind: "cell", cell }));
    this.#links = linkLayer(links, this.#points, names, (link) => this.#select({ kind: "link", link }));
    this.#hotspots = hotspotLayer(hotspots, this.#points, (hotspot) =>
      this.#select({ kind: "hotspot", hotspot }),
    );
    this.#layers = [cellsDrawn, this.#links, this.#hotspots];
    const focused = document.activeElement?.getAttribute?.("data-key");
    this.#content.replaceChildren(...this.#layers.map(({ element }) => element));
    if (focused?.startsWith("marker ")) this.#content.querySelector(`[data-key="${focused}"]`)?.focus();
    this.filter(this.#filter);
    this.highlight(this.#selection);
    if (!this.#isFitted && this.#fitPoints.length > 0 && this.width > 1) this.fit();
    this.#draw();
  }

  /** Which links are drawn: "all", "paid", "unpaid", "refused" or "none". */
  filter(shown) {
    this.#filter = shown;
    this.#links?.filter(shown);
  }

  /** Highlights the selection and its links. */
  highlight(selection) {
    this.#selection = selection;
    const ids = idsOf(selection);
    const key = selection?.kind === "link" ? linkKey(selection.link) : undefined;
    this.#links?.highlight((link) =>
      key === undefined ? ids.has(link.beaconer) || ids.has(link.witness) : linkKey(link) === key,
    );
    this.#hotspots?.highlight(ids);
    this.#svg.classList.toggle("has-selection", ids.size > 0);
  }

  fit() {
    this.#isFitted = this.#fitPoints.length > 0;
    this.move(fitView(this.#fitPoints, this.width, this.height));
  }

  pan(dx, dy) {
    const scale = pixelsPerUnit(this.view.zoom);
    this.move({ ...this.view, x: this.view.x - dx / scale, y: this.view.y - dy / scale });
  }

  move(view) {
    const within = (value) => Math.max(0, Math.min(1, value));
    this.view = { ...view, x: within(view.x), y: within(view.y) };
    this.#draw();
  }

  #zoomBy(steps) {
    const { view, width, height } = this;
    this.move(zoomAt(view, view.zoom + steps, width / 2, height / 2, width, height));
  }

  #resize() {
    const box = this.element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) return;
    this.width = box.width;
    this.height = box.height;
    if (!this.#isFitted && this.#fitPoints.length > 0) this.fit();
    this.#draw();
  }

  #draw() {
    if (this.#isDrawQueued) return;
    this.#isDrawQueued = true;
    requestAnimationFrame(() => {
      this.#isDrawQueued = false;
      const screen = (point) => toScreen(point, this.view, this.width, this.height);
      drawGrid(this.#grid, this.view, screen, this.width, this.height);
      for (const layer of this.#layers) layer.place(screen, this.width, this.height);
      this.#drawScale();
    });
  }

  #drawScale() {
    const perPixel = metresPerPixel(unproject(this.view).latitude, this.view.zoom);
    const length = roundLength(perPixel * SCALE_BAR_PX);
    this.#scale.style.width = `${(length / perPixel).toFixed(1)}px`;
    this.#scale.textContent = metres(length);
  }
}

function idsOf(selection) {
  if (selection?.kind === "hotspot") return new Set([selection.hotspot.id]);
  if (selection?.kind === "cell") return new Set(selection.cell.hotspots);
  if (selection?.kind === "link") return new Set([selection.link.beaconer, selection.link.witness]);
  return new Set();
}

/** Arrow heads and the hatching of refused hexes: form as well as colour. */
function definitions() {
  const arrow = (kind) =>
    s(
      "marker",
      {
        id: `arrow-${kind}`,
        viewBox: "0 0 8 8",
        refX: 15,
        refY: 4,
        markerWidth: 7,
        markerHeight: 7,
        orient: "auto",
        markerUnits: "userSpaceOnUse",
      },
      s("path", { d: "M0 0.8L7.2 4L0 7.2z", class: `head ${kind}` }),
    );
  const hatch = s(
    "pattern",
    { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    s("path", { d: "M0 0V7", class: "hatch" }),
  );
  return s("defs", {}, arrow("paid"), arrow("unpaid"), arrow("refused"), hatch);
}

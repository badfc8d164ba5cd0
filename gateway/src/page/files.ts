import apiJs from "./api.js" with { type: "text" };
import baseCss from "./base.css" with { type: "text" };
import clockJs from "./clock.js" with { type: "text" };
import detailsCss from "./details.css" with { type: "text" };
import domJs from "./dom.js" with { type: "text" };
import evidenceCardsJs from "./evidence-cards.js" with { type: "text" };
import formatJs from "./format.js" with { type: "text" };
import iconSvg from "./icon.svg" with { type: "text" };
import indexHtml from "./index.html" with { type: "text" };
import linkLayerJs from "./link-layer.js" with { type: "text" };
import liveJs from "./live.js" with { type: "text" };
import mainJs from "./main.js" with { type: "text" };
import mapCss from "./map.css" with { type: "text" };
import mapJs from "./map.js" with { type: "text" };
import mapGesturesJs from "./map-gestures.js" with { type: "text" };
import mapLayersJs from "./map-layers.js" with { type: "text" };
import mapSelectionJs from "./map-selection.js" with { type: "text" };
import partsCss from "./parts.css" with { type: "text" };
import partsJs from "./parts.js" with { type: "text" };
import projectionJs from "./projection.js" with { type: "text" };
import readingsCss from "./readings.css" with { type: "text" };
import readingsCardJs from "./readings-card.js" with { type: "text" };
import readingsChartJs from "./readings-chart.js" with { type: "text" };
import readingsWordsJs from "./readings-words.js" with { type: "text" };
import sequenceStripJs from "./sequence-strip.js" with { type: "text" };
import sourcesJs from "./sources.js" with { type: "text" };
import statusCardJs from "./status-card.js" with { type: "text" };
import statusWordsJs from "./status-words.js" with { type: "text" };
import verdictListJs from "./verdict-list.js" with { type: "text" };
import viewBeaconJs from "./view-beacon.js" with { type: "text" };
import viewEpochJs from "./view-epoch.js" with { type: "text" };
import viewEpochsJs from "./view-epochs.js" with { type: "text" };
import viewHotspotJs from "./view-hotspot.js" with { type: "text" };
import viewHotspotsJs from "./view-hotspots.js" with { type: "text" };
import viewMapJs from "./view-map.js" with { type: "text" };
import viewsCss from "./views.css" with { type: "text" };

interface PageFile {
  type: string;
  text: string;
}

const html = (text: string): PageFile => ({ type: "text/html; charset=utf-8", text });
const css = (text: string): PageFile => ({ type: "text/css; charset=utf-8", text });
const script = (text: string): PageFile => ({ type: "text/javascript; charset=utf-8", text });

/**
 * The fleet page by path. Imported as text, so that a compiled gateway carries it, and served as it is: the browser
 * runs what stands in these files.
 */
export const PAGE_FILES: Readonly<Record<string, PageFile>> = {
  // Bun gives text for every import of type text; its own types say otherwise for HTML.
  "/": html(indexHtml as unknown as string),
  "/icon.svg": { type: "image/svg+xml", text: iconSvg },
  "/base.css": css(baseCss),
  "/details.css": css(detailsCss),
  "/map.css": css(mapCss),
  "/parts.css": css(partsCss),
  "/readings.css": css(readingsCss),
  "/views.css": css(viewsCss),
  "/api.js": script(apiJs),
  "/clock.js": script(clockJs),
  "/dom.js": script(domJs),
  "/evidence-cards.js": script(evidenceCardsJs),
  "/format.js": script(formatJs),
  "/link-layer.js": script(linkLayerJs),
  "/live.js": script(liveJs),
  "/main.js": script(mainJs),
  "/map-gestures.js": script(mapGesturesJs),
  "/map-layers.js": script(mapLayersJs),
  "/map-selection.js": script(mapSelectionJs),
  "/map.js": script(mapJs),
  "/parts.js": script(partsJs),
  "/projection.js": script(projectionJs),
  "/readings-card.js": script(readingsCardJs),
  "/readings-chart.js": script(readingsChartJs),
  "/readings-words.js": script(readingsWordsJs),
  "/sequence-strip.js": script(sequenceStripJs),
  "/sources.js": script(sourcesJs),
  "/status-card.js": script(statusCardJs),
  "/status-words.js": script(statusWordsJs),
  "/verdict-list.js": script(verdictListJs),
  "/view-beacon.js": script(viewBeaconJs),
  "/view-epoch.js": script(viewEpochJs),
  "/view-epochs.js": script(viewEpochsJs),
  "/view-hotspot.js": script(viewHotspotJs),
  "/view-hotspots.js": script(viewHotspotsJs),
  "/view-map.js": script(viewMapJs),
};

import indexHtml from "./index.html" with { type: "text" };
export const PAGE_FILES = { "/": { type: "text/html; charset=utf-8", text: indexHtml as unknown as string } };

/** The page's files are imported as text, to be served: `import text from "./main.js" with { type: "text" }`. */
declare module "*.js" {
  const text: string;
  export default text;
}
declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*.svg" {
  const text: string;
  export default text;
}

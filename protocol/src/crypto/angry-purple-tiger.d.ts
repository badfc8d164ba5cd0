declare module "angry-purple-tiger" {
  interface Options {
    style?: "titlecase" | "lowercase" | "uppercase";
    separator?: string;
  }

  /** Three words (adjective, colour, animal), from lists of 256, chosen by the MD5 of the input's UTF-8 bytes. */
  export default function animalHash(input: string, options?: Options): string;
}

/** Ascending whole numbers without duplicates. Adding at the end and removing at either end are the cheap cases. */
export class SortedNumbers implements Iterable<number> {
  #numbers: number[] = [];

  get size(): number {
    return this.#numbers.length;
  }

  /** The lowest, or with a negative `index` the last ones from the end. */
  at(index: number): number | undefined {
    return this.#numbers.at(index);
  }

  add(number: number): void {
    const place = this.#placeOf(number);
    if (this.#numbers[place] !== number) this.#numbers.splice(place, 0, number);
  }

  /** Whether it was there. */
  delete(number: number): boolean {
    const place = this.#placeOf(number);
    if (this.#numbers[place] !== number) return false;
    this.#numbers.splice(place, 1);
    return true;
  }

  [Symbol.iterator](): Iterator<number> {
    return this.#numbers.values();
  }

  #placeOf(number: number): number {
    let low = 0;
    let high = this.#numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#numbers[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

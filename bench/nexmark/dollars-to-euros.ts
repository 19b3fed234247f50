/** NEXMark's fixed rate is 0.908 euros a dollar. */

/** As the benchmark's SQL rounds: the double product to 3 decimals, halves away from zero. */
export const toEuros = (price: number): number => roundToThousandths(price * 0.908);

/** Thousandths of a euro, exact while the price is below 2^53 ÷ 908: for comparisons, which the SQL makes on decimals. */
export const toThousandthsOfEuro = (price: number): number => price * 908;

const roundToThousandths = (value: number): number => (Math.sign(value) * Math.round(Math.abs(value) * 1_000)) / 1_000;

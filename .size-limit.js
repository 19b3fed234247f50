import { readFileSync } from 'node:fs';

/** `npm run size` has made the bundles and written down what of them a cold start loads. */
const bundles = JSON.parse(readFileSync('.millrace/bundles/bundles.json', 'utf8'));

export default bundles.map(({ pipeline, atStart }) => ({
  name: `${pipeline}: what a cold start loads, minified`,
  path: atStart,
  limit: '600 kB',
  // Lambda keeps the files as they are: what counts is what Node has to parse.
  brotli: false,
}));

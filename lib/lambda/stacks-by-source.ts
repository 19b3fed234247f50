import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Puts the user's own files and lines into the stacks of errors that a bundle throws. `millrace/cdk` makes this the first module of
 * every bundle. Node has `--enable-source-maps` for it, which reads every map as its file is loaded: a tenth of a cold start, for
 * errors that most containers never see. Here a map is read when a stack that needs it is.
 */

const bundle = new URL('.', import.meta.url).href;
const maps = new Map<string, SourceMap | undefined>();

const mapOf = (url: string): SourceMap | undefined => {
  if (!maps.has(url)) maps.set(url, readMap(url));
  return maps.get(url);
};

const readMap = (url: string): SourceMap | undefined => {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), 'utf8')));
  } catch {
    // A stack is for an error that matters more than where it was: that is shown as the bundle's own place.
    return undefined;
  }
};

const bySource = (frame: NodeJS.CallSite): string => {
  const [url, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()];
  if (url === null || line === null || column === null || !url.startsWith(bundle)) return String(frame);
  const origin = mapOf(url)?.findOrigin(line, column);
  if (origin === undefined || !('fileName' in origin)) return String(frame);
  // As seen from the folder where the bundle was made, which was beside the project's own.
  const file = origin.fileName.replace(/^(\.\.\/)+/, '');
  return String(frame).replace(`${url}:${line}:${column}`, `${file}:${origin.lineNumber}:${origin.columnNumber}`);
};

Error.prepareStackTrace = (error, frames) =>
  [Error.prototype.toString.call(error), ...frames.map((frame) => `    at ${bySource(frame)}`)].join('\n');

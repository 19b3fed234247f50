import type { Rejection } from '../commit/outbox.ts';

/** Something that a pipeline put into quarantine, as {@link PipelineTestDriver.quarantine} lists it. */
export interface RejectedInput extends Pick<Rejection, 'code' | 'operator' | 'path' | 'message'> {
  /** `record`: of a source. `row`: on its way between two stages. `pane`: a window's state that could not be fired. */
  readonly kind: Rejection['payloadKind'];
  /** The parsed JSON, or the text where it is none. */
  readonly payload: unknown;
}

export const describeRejection = (rejection: Rejection): RejectedInput => {
  const { code, operator, path, message, payloadKind, payload } = rejection;
  const text = payloadKind === 'record' ? Buffer.from(payload, 'base64').toString() : payload;
  return { code, operator, path, message, kind: payloadKind, payload: parse(text) };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

import type { CommittedState } from '../commit/committed-state.ts';
import type { ChildUnit } from '../commit/outbox.ts';
import { ComputeSession } from '../operators/compute-session.ts';
import type { Piece } from './piece.ts';

/** The last commit of a log: it changes nothing, and tells every receiver up to where its task came and who goes on. */
export const sealPiece = (
  { head, keyed, excluded, rejections }: CommittedState,
  children: readonly ChildUnit[],
): Piece => ({
  kind: 'seal',
  session: new ComputeSession(keyed, head.watermarkMs),
  position: head.position,
  watermarkMs: head.watermarkMs,
  excluded,
  marks: [],
  rejections,
  relays: [],
  recordCount: 0,
  children,
});

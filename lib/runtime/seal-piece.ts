import type { CommittedState } from '../commit/committed-state.ts';
import type { ChildUnit } from '../commit/outbox.ts';
import { type Piece, restingPiece } from './piece.ts';

/** The last commit of a log: it changes nothing, and tells every receiver up to where its task came and who goes on. */
export const sealPiece = (state: CommittedState, children: readonly ChildUnit[]): Piece => ({
  ...restingPiece(state, 'seal'),
  children,
});

import { MillraceError } from '../errors/millrace-error.ts';
import type { PlanChange } from './plan-change.ts';

/** A plan that cannot go on with what is stored. @param changes all of them: those that are refused make the message */
export const upgradeRefused = (changes: readonly PlanChange[]): MillraceError => {
  const problems = changes.filter(({ effect }) => effect === 'refused');
  return new MillraceError(
    'operator',
    'UPGRADE_REFUSED',
    `The plan cannot go on with the state of the one that runs: ${problems.map(({ what, change, why }) => `${what}: ${change} (${why})`).join('; ')}.`,
    {
      fix: problems.length === 1 ? (problems[0]?.fix as string) : problems.map(fixOf).join(' '),
      fields: { changes: problems },
    },
  );
};

/** All of them: whoever compares once more with one document does not see what an earlier plan has left in the state. */
const fixOf = ({ what, fix }: PlanChange): string => `For ${what}: ${fix}`;

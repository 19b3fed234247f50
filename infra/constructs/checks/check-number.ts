import { invalidOption } from '../../../lib/core/check-options.ts';

export interface NumberRange {
  readonly least: number;
  readonly most: number;
  /** `seconds`, `records`, … */
  readonly unit: string;
}

/**
 * Refuses what AWS would refuse only when it is deployed, with half of the stack there.
 *
 * @param owner who has the option: `stage 'orders'`
 * @throws MillraceError `INVALID_OPTION` (definition)
 */
export const checkNumber = (owner: string, option: string, value: number, { least, most, unit }: NumberRange): void => {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalidOption(
    owner,
    `option '${option}' is ${value}; allowed are whole ${unit} from ${least} to ${most}`,
    'Correct it.',
    { option, value, least, most },
  );
};

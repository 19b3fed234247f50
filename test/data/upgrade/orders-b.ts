import { minutes } from 'millrace';
import { orders } from './orders.ts';

/** Its window was renamed. */
export default orders('per-minute', minutes(1), { renamedFrom: 'minute' });

import { minutes } from 'millrace';
import { orders } from './orders.ts';

/** Its window was resized, which no state goes through. */
export default orders('minute', minutes(5));

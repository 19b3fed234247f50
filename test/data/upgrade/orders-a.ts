import { minutes } from 'millrace';
import { orders } from './orders.ts';

export default orders('minute', minutes(1));

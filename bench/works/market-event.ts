/** What the loops read of an event. */
export interface MarketEvent {
  readonly Bid?: {
    readonly auction: number;
    readonly bidder: number;
    readonly price: number;
    readonly date_time: number;
  };
  readonly Auction?: {
    readonly id: number;
    readonly seller: number;
    readonly category: number;
    readonly date_time: number;
  };
}

/** What the loops read of an event. */
export interface BidEvent {
  readonly Bid?: {
    readonly auction: number;
    readonly bidder: number;
    readonly price: number;
    readonly date_time: number;
  };
}

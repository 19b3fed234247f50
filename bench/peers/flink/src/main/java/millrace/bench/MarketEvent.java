package millrace.bench;

import com.fasterxml.jackson.annotation.JsonProperty;

/** An event as Jackson reads it: one of the three is there. All fields are read, as a schema would check them. */
public final class MarketEvent {
  @JsonProperty("Bid")
  public Bid bid;

  @JsonProperty("Auction")
  public Auction auction;

  @JsonProperty("Person")
  public Person person;

  long atMs() {
    return bid != null ? bid.atMs : auction != null ? auction.atMs : person.atMs;
  }

  public static final class Bid {
    public long auction;
    public long bidder;
    public long price;
    public String channel;
    public String url;

    @JsonProperty("date_time")
    public long atMs;

    public String extra;
  }

  public static final class Auction {
    public long id;

    @JsonProperty("item_name")
    public String itemName;

    public String description;

    @JsonProperty("initial_bid")
    public long initialBid;

    public long reserve;

    @JsonProperty("date_time")
    public long atMs;

    public long expires;
    public long seller;
    public long category;
    public String extra;
  }

  public static final class Person {
    public long id;
    public String name;

    @JsonProperty("email_address")
    public String emailAddress;

    @JsonProperty("credit_card")
    public String creditCard;

    public String city;
    public String state;

    @JsonProperty("date_time")
    public long atMs;

    public String extra;
  }
}

package seating

import (
	"time"

	"github.com/maitred/maitred/internal/servicetime"
)

// The operands of the examples: two parties' dinner in Paris.
var (
	exampleRestaurant = exampleID[RestaurantID](0x01)
	exampleBooking    = exampleID[BookingID](0x02)
	exampleHold       = exampleID[HoldID](0x03)
	exampleTable      = exampleID[TableID](0x12)
	exampleEndpoint   = exampleID[EndpointID](0x04)
	exampleNow        = servicetime.InstantOf(time.Date(2026, time.November, 27, 17, 3, 12, 250_000_000, time.UTC))
)

func exampleAt(hour int) servicetime.Instant {
	return servicetime.InstantOf(time.Date(2026, time.November, 27, hour, 0, 0, 0, time.UTC))
}

// exampleID spells like the ids of the API's own examples.
func exampleID[I ~[16]byte](last byte) I {
	return I{0x01, 0x9a, 0xc0, 0xde, 0, 0, 0x70, 0, 0x80, 15: last}
}

// exampleOf completes the example of a row: what every payload has, and what this
// one always has.
func exampleOf(e EventEntry) EventPayload {
	p := e.Example
	p.SchemaVersion, p.Restaurant, p.Version, p.At = EventSchemaVersion, exampleRestaurant, Version{Epoch: "k3v9", N: 412}, exampleNow
	if p.Actor.Principal == "" {
		p.Actor = Actor{Principal: TokenPrincipal(exampleID[TokenID](0x05), ""), Kind: ActorToken}
	}
	dinner := servicetime.Window{Start: exampleAt(18), End: exampleAt(20)}
	for _, name := range e.Always {
		switch name {
		case "bookingId":
			p.Booking = exampleBooking
		case "holdId":
			p.Hold = exampleHold
		case "tableIds":
			p.Tables = []TableID{exampleTable}
		case "window":
			p.Window = dinner
		case "expiresAt":
			p.ExpiresAt = exampleNow.Add(3 * time.Minute)
		case "serviceDate":
			date := servicetime.NewDate(2026, time.November, 26)
			p.Date = &date
		case "endpointId":
			p.Endpoint = exampleEndpoint
		case "event":
			p.Event = exampleID[ChangeID](0x06).String() + "/0/" + exampleEndpoint.String()
		}
	}
	return p
}

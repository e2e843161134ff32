package httpapi

import "github.com/maitred/maitred/internal/seating"

// WaitingRequest is a party's place on the waitlist.
type WaitingRequest struct {
	Priority      int `json:"priority,omitempty" minimum:"0" maximum:"9" doc:"The highest first."`
	QuotedMinutes int `json:"quotedMinutes,omitempty" minimum:"0" maximum:"600" doc:"The wait that the party was told."`
}

// GuestChange changes what is known of a guest. What is left out stays.
type GuestChange struct {
	Name  *string           `json:"name,omitempty" minLength:"1" maxLength:"120"`
	Phone Clearable[string] `json:"phone,omitzero" minLength:"1" maxLength:"40" doc:"null: not known any more."`
	Email Clearable[string] `json:"email,omitzero" maxLength:"254" pattern:"^[^@\\s]+@[^@\\s]+$" patternDescription:"an address with one @" doc:"null: not known any more."`
	Notes Clearable[string] `json:"notes,omitzero" maxLength:"2000" format:"lines" doc:"null: none."`
}

// ChangeBookingRequest changes a booking. What is left out stays.
type ChangeBookingRequest struct {
	Covers      *int                           `json:"covers,omitempty" minimum:"1" maximum:"100"`
	Date        *string                        `json:"date,omitempty" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" patternDescription:"a calendar date like 2026-11-27" example:"2026-11-27"`
	Time        *string                        `json:"time,omitempty" pattern:"^[0-9]{2}:[0-9]{2}$" patternDescription:"a wall-clock time like 19:30" example:"19:30"`
	UTCOffset   string                         `json:"utcOffset,omitempty" pattern:"^(Z|[+-][0-9]{2}:[0-9]{2})$" patternDescription:"an offset like +02:00" doc:"With date or time: says which of the two is meant when clocks go back."`
	TurnMinutes Clearable[int]                 `json:"turnMinutes,omitzero" minimum:"1" maximum:"600" doc:"How long the party stays; null: the period's turn time."`
	Guest       *GuestChange                   `json:"guest,omitempty"`
	ZoneID      Clearable[UUID]                `json:"zoneId,omitzero" doc:"A wish; null: none."`
	Seating     Clearable[seating.SeatingType] `json:"seatingPreference,omitzero" pattern:"^(standard|sofa|booth|high_top)$" patternDescription:"one of standard, sofa, booth, high_top" doc:"A wish; null: none."`
	Priority    *int                           `json:"priority,omitempty" minimum:"0" maximum:"9" doc:"On the waitlist: the highest first."`
	Quoted      *int                           `json:"quotedMinutes,omitempty" minimum:"0" maximum:"600" doc:"On the waitlist: the wait that the party was told."`
	Tables      string                         `json:"tables,omitempty" enum:"keep,replan" doc:"keep: the same tables or a refusal, the default for those a person chose and for a party that sits; replan: the best ones, the default for those the planner chose."`
	Override    *Override                      `json:"override,omitempty"`
}

// WalkInRequest is a party at the door.
type WalkInRequest struct {
	Covers      int                 `json:"covers" minimum:"1" maximum:"100"`
	Tables      []UUID              `json:"tableIds,omitempty" maxItems:"100" doc:"Without: the best ones."`
	Name        string              `json:"name,omitempty" minLength:"1" maxLength:"120"`
	Phone       string              `json:"phone,omitempty" minLength:"1" maxLength:"40" doc:"With a name."`
	Notes       string              `json:"notes,omitempty" maxLength:"2000" format:"lines" doc:"With a name."`
	TurnMinutes int                 `json:"turnMinutes,omitempty" minimum:"1" maximum:"600" doc:"How long the party stays, when it is not the period's turn time."`
	ZoneID      UUID                `json:"zoneId,omitempty" doc:"A wish."`
	Seating     seating.SeatingType `json:"seatingPreference,omitempty" enum:"standard,sofa,booth,high_top" doc:"A wish."`
	Override    *Override           `json:"override,omitempty"`
}

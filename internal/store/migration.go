package store

// Direction is what migrating does to a schema.
type Direction string

// Up applies all migrations that are missing, Down takes back the last one,
// Status changes nothing.
const (
	Up     Direction = "up"
	Down   Direction = "down"
	Status Direction = "status"
)

// Migration is one step of a schema. Both stores have the same steps.
type Migration struct {
	Version int64
	Name    string // of its file
	Applied bool
}

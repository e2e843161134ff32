package line_test

import (
	"flag"
	"strconv"
	"testing"
)

// The lock is taken first when a restaurant is contended. That must change no
// outcome: everything that is demanded of a line is demanded again.
func TestLockFirstChangesNoOutcome(t *testing.T) {
	lockFirst = true
	defer func() { lockFirst = false }()
	defer fewerGames(t, 4)()
	for _, again := range []struct {
		name string
		test func(*testing.T)
	}{
		{"model", TestModelSQLite},
		{"load equals replay", TestPropLoadEqualsReplayWhateverTheClock},
		{"floor", TestFloorIsTakenApart},
		{"C01", TestC01_LostResponseThenRetry},
		{"C04", TestC04_KeyIsBoundToItsRequest},
		{"C03 one key at once", TestC03_SameKeyAtOnceActsOnce},
		{"C38", TestC38_RefusedKeyMayBeTriedAgain},
		{"replay first", TestReplayComesBeforeEveryRefusal},
		{"replay in a batch", TestReplayInABatchLeavesNoNeighbourWaiting},
		{"ambiguous", TestAmbiguousCommitIsSentAgainUntilDefinite},
		{"ambiguous and overtaken", TestAmbiguousCommitThatWasOvertaken},
		{"ambiguous for ever", TestAmbiguousForEverIsToldHonestly},
		{"another process", TestAnotherProcessMovedTheVersion},
		{"two processes", TestTwoProcessesFight},
		{"H12", TestH12_ClockSkewDoesNotDecide},
		{"C07", TestC07_TimeIsJudgedAfterTheLock},
		{"revoked rights", TestRevokedRightsDoNotCommit},
		{"reference", TestReferenceThatIsTakenIsReplaced},
		{"caller who left", TestCallerWhoHasLeftIsNotServed},
		{"closed lines", TestClosedLinesRefuse},
		{"unknown restaurant", TestUnknownRestaurant},
		{"database refuses one", TestDatabaseRefusesOneOfABatch},
		{"H04", TestH04_TwoHundredHoldsForOneTable},
		{"D01", TestD01_TwoHundredAssignsForOneTable},
		{"D02", TestD02_HoldsAndAssignsForOneTable},
		{"C03 one hold", TestC03_TwoHundredConfirmsOfOneHold},
		{"H20", TestH20_BudgetUnderConcurrency},
		{"two tables", TestDifferentTablesAtOnceBothSucceed},
		{"C27", TestC27_CancelAgainstConfirm},
		{"one commit for many", TestManyWaitingShareACommit},
		{"D19", TestD19_GrowingAndShiftingOverOwnTables},
		{"C06", TestC06_ConfirmAtTheExpiry},
	} {
		t.Run(again.name, again.test)
	}
}

// fewerGames makes the properties draw a fraction of the games until restore.
func fewerGames(t *testing.T, part int) (restore func()) {
	t.Helper()
	return drawGames(t, max(1, 100/part))
}

// drawGames makes the properties draw n games where 100 are usual, until restore.
func drawGames(t *testing.T, n int) (restore func()) {
	t.Helper()
	checks := flag.Lookup("rapid.checks").Value.String()
	usual, err := strconv.Atoi(checks)
	if err != nil {
		t.Fatal(err)
	}
	set := func(v string) {
		if err := flag.Set("rapid.checks", v); err != nil {
			t.Fatal(err)
		}
	}
	set(strconv.Itoa(max(1, n*usual/100)))
	return func() { set(checks) }
}

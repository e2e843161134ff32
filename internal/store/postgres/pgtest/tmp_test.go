package pgtest_test
import ("testing";"time";"github.com/maitred/maitred/internal/store/postgres/pgtest")
func TestTmp(t *testing.T){
 b:=time.Now(); lap:=func(s string){t.Log(s,time.Since(b).Round(time.Millisecond));b=time.Now()}
 c:=pgtest.Start(t,pgtest.Options{}); lap("start")
 c.Database(t); lap("first db")
 db:=c.Database(t); lap("second db")
 c.StopImmediate(t); lap("stop")
 c.Restart(t); lap("restart")
 s:=c.Standby(t); lap("standby")
 s.StopReceiving(t); lap("deaf")
 s.Receive(t); lap("receive")
 s.Promote(t); lap("promote"); _ = db
 pgtest.Database(t); lap("shared first")
 pgtest.Database(t); lap("shared 2")
}

# Runs a PostgreSQL server for a test binary and ends with it. $1 is the folder.
#
# Words come on standard input, whose other end only the test binary holds:
#   run NAME    run the commands in the file NAME and wait for them
#   start NAME  start the server by the commands in the file NAME
#   stop        end the server at once, as in a crash
# End of input means that the test binary is gone, killed perhaps: the server is
# stopped and the folder removed.
#
# Told on standard output: "pid N" when the server was started, "exited N" when
# something has ended, by itself or not.
dir=$1
cd "$dir" || exit 1
trap '' INT TERM HUP QUIT
pid=
keeper=

# quit ends the server. A paused one must be woken to hear of it, its children too:
# their parent would wait for them.
quit() {
	[ -e "$dir/pid" ] || return 0
	kill -QUIT "$pid" 2>/dev/null
	for stat in /proc/[0-9]*/stat; do
		if read -r child name state parent rest <"$stat" && [ "$parent" = "$pid" ]; then
			kill -CONT "$child"
		fi
	done 2>/dev/null
	kill -CONT "$pid" 2>/dev/null
}

while read -r word name; do
	case $word in
	run)
		sh "$dir/$name" </dev/null >>"$dir/log" 2>&1
		echo "exited $?"
		;;
	start)
		# The keeper reaps the server. The file says that it has not done so yet, so that
		# nobody else's process is ever sent a signal.
		rm -f "$dir/born"
		mkfifo "$dir/born"
		{
			sh "$dir/$name" </dev/null >>"$dir/log" 2>&1 &
			echo $! >"$dir/pid"
			echo $! >"$dir/born"
			wait $!
			code=$?
			rm -f "$dir/pid"
			echo "exited $code"
		} &
		keeper=$!
		read -r pid <"$dir/born"
		echo "pid $pid"
		;;
	stop)
		quit
		;;
	esac
done

quit
[ -z "$keeper" ] || wait "$keeper"
cd /
rm -rf "$dir"

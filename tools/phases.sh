# shellcheck shell=bash
# Named steps with their seconds, and a summary at the end. Sourced by ./dev.

phase_lines=()
phase_first_failure=

# phase NAME COMMAND...: runs it, notes the seconds, goes on after a failure so that one run tells all.
phase() {
  local name=$1 start=$SECONDS status=0 word
  shift
  printf '\n== %s\n' "$name"
  # Outside any condition, so that errexit holds inside the subshell.
  set +e
  (
    set -e
    "$@"
  )
  status=$?
  set -e
  if [[ $status -eq 0 ]]; then
    word=ok
  else
    word="FAILED ($status)"
    phase_first_failure=${phase_first_failure:-$name}
  fi
  phase_lines+=("$(printf '%-12s %5d s  %s' "$name" $((SECONDS - start)) "$word")")
}

# phase_skip NAME WHY
phase_skip() {
  phase_lines+=("$(printf '%-12s %5s    skipped: %s' "$1" - "$2")")
}

phase_failed() {
  [[ -n $phase_first_failure ]]
}

# 0 if every phase passed.
phase_summary() {
  printf '\n== summary (%d s)\n' "$SECONDS"
  printf '%s\n' "${phase_lines[@]}"
  if phase_failed; then
    printf 'first failure: %s\n' "$phase_first_failure"
    return 1
  fi
}

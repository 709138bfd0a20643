-- Paces the requests if PACE_MS is set, and prints what wrk measured as one line of JSON.
local pace = tonumber(os.getenv("PACE_MS"))

if pace then
  -- Each connection waits this long after a response, evenly spread, so that the connections do
  -- not send all at once.
  function delay()
    return math.random(0, 2 * pace)
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, ' ..
    '"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end

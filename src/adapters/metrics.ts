/** Metrics for Prometheus, with prom-client. Every name, label and bucket stands in the tables here. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CounterName, GaugeName, HistogramName, Metrics } from '../ports.ts';

const PREFIX = 'hookyard_';

interface Row {
  help: string;
  labels: readonly string[];
}

const COUNTERS: Readonly<Record<CounterName, Row>> = {
  events_accepted_total: { help: 'Events accepted, repeats not counted.', labels: [] },
  receipts_total: { help: 'Inbound requests taken in, by what became of them.', labels: ['outcome'] },
  inbound_turned_away_total: {
    help: 'Inbound requests of which nothing was stored: no_such_door, too_large, shed.',
    labels: ['reason'],
  },
  attempts_total: { help: 'Delivery attempts, by failure; `delivered` for none.', labels: ['outcome'] },
  deliveries_closed_total: { help: 'Deliveries closed, by how.', labels: ['status'] },
  settles_lost_total: { help: 'Results that somebody else had settled first.', labels: [] },
  circuits_opened_total: { help: 'Circuits opened because a receiver was in trouble.', labels: [] },
  http_requests_total: { help: 'Requests answered.', labels: ['route', 'method', 'status'] },
};

/** Bucket bounds in seconds. */
const HISTOGRAMS: Readonly<Record<HistogramName, Row & { buckets: readonly number[] }>> = {
  attempt_seconds: {
    help: 'Time of one delivery attempt.',
    labels: [],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  http_request_seconds: {
    help: 'Time from a request to its answer.',
    labels: ['route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  },
  accept_to_send_seconds: {
    help: 'Time from the acceptance of an event to its first try.',
    labels: [],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 10, 60],
  },
};

const GAUGES: Readonly<Record<GaugeName, string>> = {
  deliveries_in_flight: 'Delivery attempts under way.',
  deliveries_queued: 'Deliveries held by this process and not yet sent.',
  lanes_open: 'Subscriptions whose deliveries wait in a lane.',
  shards_held: 'Shards of the store that this process sends for.',
  sockets_open: 'Sockets to receivers.',
  oldest_due_seconds: 'How long the oldest due delivery has been due.',
  requests_in_flight: 'Requests being answered, without probes and those whose body is on its way.',
  request_bytes_in_flight: 'Memory taken by request bodies, from their first chunk to their answer.',
};

type Labels = Readonly<Record<string, string>>;
type Names<Name extends string> = readonly Name[];

const counterNames = Object.keys(COUNTERS) as Names<CounterName>;
const histogramNames = Object.keys(HISTOGRAMS) as Names<HistogramName>;
const gaugeNames = Object.keys(GAUGES) as Names<GaugeName>;

/** Metrics in a registry of their own, with those of the process beside them. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const registers = [registry];
  const counters = new Map(
    counterNames.map((name) => {
      const { help, labels } = COUNTERS[name];
      return [name, { labels, metric: new Counter({ name: PREFIX + name, help, labelNames: [...labels], registers }) }];
    }),
  );
  const histograms = new Map(
    histogramNames.map((name) => {
      const { help, labels, buckets } = HISTOGRAMS[name];
      const options = { name: PREFIX + name, help, labelNames: [...labels], buckets: [...buckets], registers };
      return [name, { labels, metric: new Histogram(options) }];
    }),
  );
  const gauges = new Map(
    gaugeNames.map((name) => [name, new Gauge({ name: PREFIX + name, help: GAUGES[name], registers })]),
  );
  const counterHandle = handles((name: CounterName, labels) => found(counters, name).metric.labels(labels));
  const histogramHandle = handles((name: HistogramName, labels) => found(histograms, name).metric.labels(labels));
  return {
    count: (name, labels, by = 1) => counterHandle(name, found(counters, name).labels, labels).inc(by),
    observe: (name, value, labels) => histogramHandle(name, found(histograms, name).labels, labels).observe(value),
    gauge: (name, value) => found(gauges, name).set(value),
    expose: () => registry.metrics(),
  };
}

function found<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`no metric is called ${key}`);
  return value;
}

/**
 * Remembers the handle of each combination of labels: resolving one costs more than counting. Labels outside the
 * table are dropped, missing ones are empty.
 */
function handles<Name extends string, Handle>(
  make: (name: Name, labels: Record<string, string>) => Handle,
): (name: Name, names: readonly string[], labels: Labels | undefined) => Handle {
  const made = new Map<string, Handle>();
  return (name, names, labels) => {
    let id: string = name;
    for (const label of names) id += `\n${labels?.[label] ?? ''}`;
    const known = made.get(id);
    if (known !== undefined) return known;
    const handle = make(name, Object.fromEntries(names.map((label) => [label, labels?.[label] ?? ''])));
    made.set(id, handle);
    return handle;
  };
}

// What the coordinator sends on /ws/dashboard and answers under /api, as man/p2p-protocol.7 describes it. Figures that are
// not known are absent.

export type NodeStatus = 'alive' | 'suspected' | 'dead' | 'left';
export type Health = 'ok' | 'warning' | 'failing';
export type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';
export type Role = 'viewer' | 'operator';

export const kLevels: readonly Level[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];

/** A method of a service whose calls fail: how many of them, from 0 to 1, and how the last one did. */
export interface FailingMethod {
  method: string;
  share: number;
  error?: string;
}

export interface ServiceEntry {
  version?: string;
  state: string;
  restarts?: number;
  calls_per_second?: number;
  /** Why it does not run, with the last that it said. */
  error?: string;
  failing?: FailingMethod[];
}

export interface CertificateEntry {
  serial: string;
  not_before: string;
  not_after: string;
  state: 'valid' | 'expiring' | 'expired' | 'revoked';
}

export interface LastError {
  timestamp: string;
  logger_name: string;
  message: string;
  cursor: string;
}

export interface NodeEntry {
  role: string;
  status: NodeStatus;
  health: Health;
  problems?: string[];
  last_seen?: string;
  started_at?: string;
  version?: string;
  addresses?: string[];
  linked_to?: string[];
  cpu?: number;
  load1?: number;
  cores?: number;
  memory_used?: number;
  memory_total?: number;
  disk_used?: number;
  disk_total?: number;
  rss?: number;
  calls_per_second?: number;
  errors_per_second?: number;
  call_p99_ms?: number;
  logs_per_second?: number;
  log_errors_per_minute?: number;
  clock_offset_ms?: number;
  certificate?: CertificateEntry;
  services?: Record<string, ServiceEntry>;
  last_error?: LastError;
}

export interface FleetEntry {
  name?: string;
  coordinator?: string;
  version?: string;
  nodes?: Partial<Record<NodeStatus, number>>;
  calls_per_second?: number;
  errors_per_second?: number;
  call_p50_ms?: number;
  call_p99_ms?: number;
  logs_per_second?: number;
  log_errors_per_minute?: number;
  logs_stored?: boolean;
  problems?: string[];
}

export interface Metrics {
  now?: string;
  fleet?: FleetEntry;
  nodes?: Record<string, NodeEntry>;
  removed?: string[];
}

/** A value or null, oldest first; in a delta one value a series. */
export type Points = (number | null)[];
export interface History {
  step?: number;
  end: number;
  fleet?: Record<string, Points | number | null>;
  nodes?: Record<string, Record<string, Points | number | null>>;
}

export interface Update {
  type: 'update';
  sequence: number;
  whole?: boolean;
  base?: number;
  data: { metrics?: Metrics; history?: History };
}

export interface LogRecord {
  timestamp: string;
  node_id: string;
  level: Level;
  logger_name: string;
  message: string;
  cursor: string;
  epoch?: number;
  seq?: number;
  received_at?: string;
  attrs?: Record<string, unknown>;
  module?: string;
  function?: string;
  line?: number;
  trace_id?: string;
}

export interface NewLogs {
  type: 'new_logs';
  id: number;
  logs: LogRecord[];
  cursor: string;
}
export interface Gap {
  type: 'gap';
  id: number;
  skipped: number;
  after: string;
  before: string;
}
export interface LogsFailed {
  type: 'logs_failed';
  id: number;
  reason: string;
}
export type ServerMessage = Update | NewLogs | Gap | LogsFailed | { type: 'pong' };

/** The filter of a subscription; what is left out matches all. */
export interface WireFilter {
  nodes?: string[];
  level?: Level;
  logger?: string;
  text?: string;
  regex?: string;
}

export interface Session {
  subject: string;
  role: Role;
  expires_at: string;
  secret?: string;
}

/** Of `api/history`: each series with the least, mean and greatest value a step. */
export interface HistoryAnswer {
  step: number;
  end: number;
  series: Record<string, { min: Points; mean: Points; max: Points }>;
}

/** Of `services.list`. */
export interface ListedService {
  name: string;
  methods: string[];
}

/** Of `services.describe`. */
export interface MethodDescription {
  name: string;
  description?: string;
  permission?: string;
  idempotent?: boolean;
  timeout_ms?: number;
  params?: unknown;
  result?: unknown;
}
export interface ServiceDescription {
  name: string;
  version?: string;
  description?: string;
  state?: string;
  error?: string;
  builtin?: boolean;
  restarts?: number;
  methods: MethodDescription[];
}

/** Of `certs.list`. */
export interface IssuedCertificate {
  name: string;
  role: string;
  serial: string;
  not_before: string;
  not_after: string;
  issued_at?: string;
  issued_by?: string;
  revoked_at?: string | null;
  reason?: string | null;
  dns_names?: string[];
  ip_addresses?: string[];
  key_type?: string;
  issuer?: string;
}

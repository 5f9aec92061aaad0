// The shapes the board reads. Moments are ISO 8601 in UTC; texts people read come as a pair `_zh`, `_en`.

export type Lang = 'zh' | 'en'

export interface Named {
  name_zh: string
  name_en: string
}

export interface Me extends Named {
  account_id: string
  username: string
  agency: string
  roles: string[]
  verbs: string[]
}

export interface Agency extends Named {
  code: string
  index: number // as on the wire, from 1
}

export interface Fix {
  t: number // ms since 1970
  lon: number // degrees
  lat: number
  sog: number | null // kn
  cog: number | null // degrees
}

export interface LegalBasis {
  law: string
  article: string
}

export interface Alert {
  episode: string
  state: string // open, acknowledged, dismissed, promoted
  verdict: string // raised, confirmed, changed, withdrawn
  settled: boolean
  severity: number // 1 is the gravest
  rule: string
  rule_version: number
  title_zh: string
  title_en: string
  owner: string
  domain: string
  track: string
  handle: number | null
  label: string
  zone_id: string
  zone_name_zh: string
  zone_name_en: string
  lon: number | null
  lat: number | null
  started_at: string
  fired_at: string
  why_zh: string
  why_en: string
  acknowledged_at: string | null
  acknowledged_by: string | null
  incident_id: string | null
  fixes?: Fix[]
  legal?: LegalBasis[]
}

export type ClockName = 'sign' | 'notify' | 'arrive'

export interface Clock {
  clock: ClockName
  limit_s: number
  amber_share: number
  at: string | null // when it was met
  source: string
  reason_owed: boolean
  reason: string
}

export interface Assignment {
  id: string
  unit_id: string
  call_sign: string
  agency: string
  state: string // requested, ordered, acknowledged, en_route, on_scene, done, declined, released
  assigned_at: string
  acknowledged_at: string | null
  departed_at: string | null
  arrived_at: string | null
  version: number
}

export interface Evidence {
  id: string
  kind: string
  ref: string
  title: string
  at: string
}

export interface Incident extends Pick<Alert, 'why_zh' | 'why_en' | 'label' | 'lon' | 'lat' | 'zone_id' | 'domain'> {
  id: string
  number: string
  version: number
  state: string // new, signed, dispatched, en_route, on_scene, handling, awaiting_review, closed
  next_step: string | null
  may: string[]
  priority: string // P1..P4
  title_zh: string
  title_en: string
  place_zh: string
  place_en: string
  owner: string
  agencies: string[]
  kind: string
  t0: string
  episode: string | null
  clocks: Clock[]
  assignments: Assignment[]
  signed_by: string
  handled_by: string
  reviewed_by: string
  result: string
  proposal: string
  /** With one incident, not in lists. */
  evidence: Evidence[] | null
  timeline: LogEntry[] | null
}

export interface Unit {
  id: string
  call_sign: string
  agency: string
  kind: string
  state: string // standby, en_route, on_scene, off
  crew: number
  capabilities: string[]
  version: number
  track: string
  lon: number | null
  lat: number | null
  heard_at: string | null
  handle: number | null
}

export interface Source extends Partial<Named> {
  code: string
  state: string // heard, silent, never
  last_heard_ms: number | null
}

export interface BoardSnapshot {
  cursor: number
  now: string
  me: Me
  agencies: Agency[]
  alerts: Alert[]
  incidents: Incident[]
  units: Unit[]
  sources: Source[]
  clock_offset_ms: number
  demo: boolean
}

export interface LogEntry {
  no: number
  kind: string
  at: string
  by: { person: string | null; agency: string | null; rule: string | null; system: string | null }
  body: Record<string, unknown>
  words?: string // of the note the fact refers to
}

/** A live target as `GET /api/tracks/{handle}` tells it. */
export interface Track {
  handle: number
  track: string
  source: string
  ident: string
  label: string
  kind: number
  agency: string
  lon: number | null
  lat: number | null
  sog_kn: number | null
  cog_deg: number | null
  length_m: number | null
  heard_at_ms: number | null
}

// What the board knows: one snapshot, and every fact after it. The wire opens first; facts that come before the
// snapshot wait, so that nothing falls between the two. After a break it reads on from its cursor.
import { defineStore } from 'pinia'
import { computed, markRaw, reactive, ref, shallowRef } from 'vue'
import { get, Trouble } from '@/api/http'
import type { Agency, Alert, BoardSnapshot, Incident, Me, Source, Unit } from '@/api/types'
import { ServerClock } from '@/clocks'
import { BadFrame, Targets } from '@/live/decoder'
import { type Fact, LiveWire, type Open, type Pulse, type UnitHeard } from '@/live/socket'
import { useAgencies } from './agencies'
import { useSession } from './session'

export const REFETCH_MS = 120 // facts of one thing within this cause one reading of it
export const EXPIRE_EVERY_MS = 10_000
export const TICK_MS = 500
export const SNAPSHOT_RETRY_MS = 3_000
export const WAITING_MAX = 5_000 // facts kept while the snapshot is on its way

export type Loading = 'loading' | 'ready' | 'failed'

export const useBoard = defineStore('board', () => {
  const loading = ref<Loading>('loading')
  const failure = shallowRef<Trouble | null>(null)
  const me = shallowRef<Me | null>(null)
  const demo = ref(false)
  const agencies = shallowRef<Agency[]>([])
  const alerts = reactive(new Map<string, Alert>())
  const incidents = reactive(new Map<string, Incident>())
  const units = reactive(new Map<string, Unit>())
  const triage = reactive(new Map<string, number>()) // episode → until when somebody has to decide, ms
  const sources = shallowRef<Source[]>([])
  const link = ref(false)
  const cursor = ref<number | null>(null)
  const now = ref(0) // the server's clock, twice a second
  const frameAt = ref<number | null>(null) // t_ms of the newest positions
  const targetCount = ref(0)
  const touched = reactive(new Map<string, number>()) // subject → number of its last fact

  const targets = markRaw(new Targets()) // a proxy around 100,000 numbers would cost more than drawing them
  const clock = new ServerClock()
  const seen: ((fact: Fact) => void)[] = []
  let wire: LiveWire | null = null
  let waiting: Fact[] | null = [] // null once the snapshot stands
  let ticker: ReturnType<typeof setInterval> | undefined
  let snapshotRetry: ReturnType<typeof setTimeout> | undefined
  let lastExpiry = 0
  let generation = 0
  const due = new Map<string, ReturnType<typeof setTimeout>>()

  const openAlerts = computed(() => [...alerts.values()].filter(isOpenAlert).sort(byUrgency))
  const openIncidents = computed(() =>
    [...incidents.values()].filter((i) => i.state !== 'closed').sort((a, b) => byPriority(a, b)),
  )
  const unacknowledged = computed(() => openAlerts.value.filter((a) => !a.acknowledged_at).length)

  function start(open?: Open): void {
    stop()
    wire = new LiveWire(
      {
        fact: takeFact,
        pulse: takePulse,
        frame: takeFrame,
        link: (up) => (link.value = up),
        opened: () => {
          if (cursor.value !== null) return
          startOver() // facts of an earlier wire may lack some in between
          void takeSnapshot()
        },
        stale: startOver,
        anew: () => {
          startOver()
          void takeSnapshot()
        },
        signedOut: () => useSession().lost(),
      },
      () => cursor.value,
      open,
    )
    wire.start()
    ticker = setInterval(tick, TICK_MS)
  }

  function stop(): void {
    generation++
    wire?.stop()
    wire = null
    clearInterval(ticker)
    clearTimeout(snapshotRetry)
    due.forEach((timer) => clearTimeout(timer))
    due.clear()
    for (const map of [alerts, incidents, units, triage, touched]) map.clear()
    loading.value = 'loading'
    cursor.value = null
    frameAt.value = null
    waiting = []
    clock.reset()
    targets.clear()
    targetCount.value = 0
  }

  function startOver(): void {
    generation++
    cursor.value = null
    waiting = []
  }

  function tick(): void {
    now.value = clock.now()
    if (now.value - lastExpiry > EXPIRE_EVERY_MS) {
      lastExpiry = now.value
      targets.expire(now.value)
      targetCount.value = targets.count
    }
  }

  async function takeSnapshot(): Promise<void> {
    const mine = generation
    clearTimeout(snapshotRetry)
    try {
      const board = await get<BoardSnapshot>('/api/board')
      if (mine === generation) settle(board)
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble
      if (mine !== generation) return
      failure.value = trouble
      if (loading.value === 'loading') loading.value = 'failed'
      snapshotRetry = setTimeout(() => void takeSnapshot(), SNAPSHOT_RETRY_MS)
    }
  }

  function settle(board: BoardSnapshot): void {
    me.value = board.me
    demo.value = board.demo
    agencies.value = board.agencies
    useAgencies().take(board.agencies)
    sources.value = board.sources
    fill(alerts, board.alerts, (a) => a.episode)
    fill(incidents, board.incidents, (i) => i.id)
    fill(units, board.units, (u) => u.id)
    triage.clear()
    for (const clue of board.clues) triage.set(clue.episode, Date.parse(clue.due_at))
    clock.hear(Date.parse(board.now))
    cursor.value = board.cursor
    const early = waiting ?? []
    waiting = null
    loading.value = 'ready'
    failure.value = null
    tick()
    for (const fact of early) apply(fact)
  }

  function takeFact(fact: Fact): void {
    if (waiting === null) apply(fact)
    else if (waiting.length < WAITING_MAX) waiting.push(fact)
    else startOver()
  }

  function apply(fact: Fact): void {
    if (cursor.value !== null && fact.no <= cursor.value) return
    cursor.value = fact.no
    touched.set(fact.subject, fact.no)
    if (fact.kind === 'response.ClueReceived') triage.set(String(fact.body.episode), Date.parse(String(fact.body.due_at)))
    for (const subject of subjectsOf(fact)) later(subject)
    for (const act of seen) act(fact)
  }

  /** Everything a fact tells something about: its subject, and the incident or alert its body names. */
  function subjectsOf(fact: Fact): string[] {
    const found = new Set([fact.subject])
    const { incident_id, episode, unit_id } = fact.body
    if (typeof incident_id === 'string') found.add(`incident:${incident_id}`)
    if (typeof episode === 'string') found.add(`alert:${episode}`)
    if (typeof unit_id === 'string') found.add(`unit:${unit_id}`)
    return [...found]
  }

  function later(subject: string): void {
    const [kind] = subject.split(':', 1)
    const key = kind === 'unit' ? 'units' : subject
    if (kind !== 'alert' && kind !== 'incident' && kind !== 'unit') return
    clearTimeout(due.get(key))
    due.set(
      key,
      setTimeout(() => {
        due.delete(key)
        void refetch(key)
      }, REFETCH_MS),
    )
  }

  async function refetch(key: string): Promise<void> {
    const mine = generation
    const id = encodeURIComponent(key.slice(key.indexOf(':') + 1))
    try {
      if (key === 'units') {
        const list = await get<Unit[]>('/api/units')
        if (mine === generation) fill(units, list, (u) => u.id)
      } else if (key.startsWith('alert:')) {
        const alert = await get<Alert>(`/api/alerts/${id}`)
        if (mine === generation) alerts.set(alert.episode, alert)
      } else {
        const incident = await get<Incident>(`/api/incidents/${id}`)
        if (mine === generation) keep(incident)
      }
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble
      if (trouble.status === 0 || trouble.status >= 500) later(key === 'units' ? 'unit:' : key) // asked again
      else if (trouble.status === 403 || trouble.status === 404) forget(key)
    }
  }

  /** It is not ours to see any more. */
  function forget(key: string): void {
    const id = key.slice(key.indexOf(':') + 1)
    if (key.startsWith('alert:')) alerts.delete(id)
    else if (key.startsWith('incident:')) incidents.delete(id)
  }

  /** An answer to an action is as good as a reading; an older version never replaces a newer one. */
  function keep(incident: Incident): void {
    const known = incidents.get(incident.id)
    if (known && known.version > incident.version) return
    incidents.set(incident.id, { ...incident, timeline: incident.timeline ?? known?.timeline ?? null })
  }

  function keepAlert(alert: Alert): void {
    alerts.set(alert.episode, alert)
  }

  function keepUnit(unit: Unit): void {
    const known = units.get(unit.id)
    if (!known || known.version <= unit.version) units.set(unit.id, unit)
  }

  function takePulse(pulse: Pulse): void {
    clock.hear(pulse.t_ms)
    if (pulse.sources) sources.value = pulse.sources as Source[]
    for (const heard of Object.values(pulse.units ?? {})) place(heard)
    if (waiting === null && pulse.no !== undefined && cursor.value !== null && pulse.no > cursor.value) {
      cursor.value = pulse.no // facts we may not see lie behind us too
    }
  }

  function place(heard: UnitHeard): void {
    const unit = units.get(heard.unit_id)
    if (!unit) return
    const { handle, lon, lat } = heard
    Object.assign(unit, { handle, lon, lat, heard_at: new Date(heard.heard_at_ms).toISOString() })
  }

  function takeFrame(bytes: ArrayBuffer): void {
    try {
      if (targets.take(bytes) === 'gap') {
        wire?.askSnapshot()
        return
      }
    } catch (trouble) {
      if (!(trouble instanceof BadFrame)) throw trouble
      wire?.askSnapshot()
      return
    }
    frameAt.value = targets.time
    targetCount.value = targets.count
  }

  function onFact(act: (fact: Fact) => void): () => void {
    seen.push(act)
    return () => void seen.splice(seen.indexOf(act), 1)
  }

  return {
    loading, failure, me, demo, agencies, alerts, incidents, units, triage, sources, link, cursor, now, frameAt, targetCount,
    touched, openAlerts, openIncidents, unacknowledged, targets, start, stop, keep, keepAlert, keepUnit, onFact,
    takeSnapshot, serverNow: () => clock.now(), hand: () => wire?.hand(),
  }
})

function fill<T>(map: Map<string, T>, list: T[], key: (one: T) => string): void {
  const keys = new Set(list.map(key))
  for (const old of [...map.keys()]) if (!keys.has(old)) map.delete(old)
  for (const one of list) map.set(key(one), one)
}

export const isOpenAlert = (alert: Alert): boolean => alert.state === 'open' || alert.state === 'acknowledged'

/** Unacknowledged first, then the gravest, then the oldest. */
export function byUrgency(a: Alert, b: Alert): number {
  const seen = Number(a.acknowledged_at !== null) - Number(b.acknowledged_at !== null)
  return seen || a.severity - b.severity || a.fired_at.localeCompare(b.fired_at) || a.episode.localeCompare(b.episode)
}

export function byPriority(a: Incident, b: Incident): number {
  return a.priority.localeCompare(b.priority) || a.t0.localeCompare(b.t0) || a.id.localeCompare(b.id)
}

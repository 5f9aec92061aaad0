import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Alert, BoardSnapshot, Incident } from '@/api/types'
import { CLOSE, DEAD_MS, LiveWire, SILENT_MS } from '@/live/socket'
import { byUrgency, REFETCH_MS, useBoard } from '@/stores/board'
import { frame } from './frames'

/** A wire whose far end the test plays. */
class Wire {
  static all: Wire[] = []
  static get last(): Wire {
    return Wire.all.at(-1)!
  }
  binaryType = ''
  readyState = 1
  sent: string[] = []
  onopen: (() => void) | null = null
  onmessage: ((e: { data: unknown }) => void) | null = null
  onclose: ((e: { code: number }) => void) | null = null
  constructor(readonly url: string) {
    Wire.all.push(this)
  }
  send(text: string): void {
    this.sent.push(text)
  }
  close(): void {
    this.readyState = 3
  }
  say(words: object): void {
    this.onmessage?.({ data: JSON.stringify(words) })
  }
  bytes(data: ArrayBuffer): void {
    this.onmessage?.({ data })
  }
}

const open = (url: string): WebSocket => new Wire(url) as unknown as WebSocket
const alert = (episode: string, more: Partial<Alert> = {}): Alert =>
  ({ episode, state: 'open', severity: 3, fired_at: '2026-09-01T15:05:00.000Z', acknowledged_at: null, ...more }) as Alert
const incident = (id: string, version: number, more: Partial<Incident> = {}): Incident =>
  ({ id, version, state: 'new', priority: 'P2', t0: '2026-09-01T15:05:00.000Z', timeline: null, ...more }) as Incident
const snapshot = (cursor: number, more: Partial<BoardSnapshot> = {}): BoardSnapshot => ({
  cursor, now: '2026-09-01T15:05:00.000Z', me: { account_id: 'me' } as never, agencies: [], alerts: [], incidents: [],
  clues: [], units: [], sources: [], clock_offset_ms: 0, demo: true, ...more,
})
const fact = (no: number, subject: string, body: Record<string, unknown> = {}) => ({
  lane: 'fact', no, kind: 'x.Y', at: '', subject, by: { person: null, agency: null }, body,
})

let answers: Record<string, unknown>
let asked: string[]

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  Wire.all = []
  asked = []
  answers = {}
  vi.stubGlobal('WebSocket', { OPEN: 1 })
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    if (!(path in answers)) return new Response(JSON.stringify({ code: 'not_found', text: '', next: '' }), { status: 404 })
    return new Response(JSON.stringify(answers[path]), { status: 200 })
  })
})
afterEach(() => {
  useBoard().stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})
const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

async function started(more: Partial<BoardSnapshot> = {}): Promise<ReturnType<typeof useBoard>> {
  const board = useBoard()
  answers['/api/board'] = snapshot(100, more)
  board.start(open)
  Wire.last.onopen?.()
  await settle()
  return board
}

describe('the first reading', () => {
  test('opens the wire before it asks for the snapshot', async () => {
    const board = useBoard()
    answers['/api/board'] = snapshot(7)
    board.start(open)
    expect([Wire.last.url.endsWith('/ws/live'), asked]).toEqual([true, []])
    Wire.last.onopen?.()
    await settle()
    expect([asked, board.loading, board.cursor]).toEqual([['/api/board'], 'ready', 7])
  })
  test('applies facts that came before the snapshot, but none that it already holds', async () => {
    const board = useBoard()
    answers['/api/board'] = snapshot(100, { alerts: [alert('a')] })
    answers['/api/alerts/b'] = alert('b')
    board.start(open)
    Wire.last.onopen?.()
    Wire.last.say(fact(100, 'alert:a'))
    Wire.last.say(fact(101, 'alert:b'))
    await settle(REFETCH_MS + 1)
    expect([board.cursor, [...board.alerts.keys()], asked]).toEqual([101, ['a', 'b'], ['/api/board', '/api/alerts/b']])
  })
  test('is not shown as an empty board while it fails, and is tried again', async () => {
    const board = useBoard()
    board.start(open)
    Wire.last.onopen?.()
    await settle()
    expect(board.loading).toBe('failed')
    answers['/api/board'] = snapshot(3)
    await settle(3_000)
    expect([board.loading, board.failure]).toEqual(['ready', null])
  })
})

describe('facts', () => {
  test('of one thing within a moment cause one reading of it', async () => {
    const board = await started({ incidents: [incident('i', 1)] })
    answers['/api/incidents/i'] = incident('i', 4)
    for (const no of [101, 102, 103]) Wire.last.say(fact(no, 'incident:i'))
    await settle(REFETCH_MS + 1)
    expect([asked.filter((p) => p.includes('incidents')), board.incidents.get('i')?.version]).toEqual([['/api/incidents/i'], 4])
  })
  test('reach the incident and the alert that their bodies name', async () => {
    await started()
    Wire.last.say(fact(101, 'clock:x', { incident_id: 'i', episode: 'e', unit_id: 'u' }))
    await settle(REFETCH_MS + 1)
    expect(asked.slice(1).sort()).toEqual(['/api/alerts/e', '/api/incidents/i', '/api/units'])
  })
  test('never put an older form in the place of a newer one', async () => {
    const board = await started({ incidents: [incident('i', 5)] })
    board.keep(incident('i', 4, { state: 'signed' }))
    expect(board.incidents.get('i')?.state).toBe('new')
  })
  test('seen before are passed over', async () => {
    await started()
    Wire.last.say(fact(99, 'incident:i'))
    await settle(REFETCH_MS + 1)
    expect(asked).toEqual(['/api/board'])
  })
})

describe('after a break', () => {
  test('the board reads on from its cursor', async () => {
    const board = await started()
    Wire.last.say(fact(120, 'x:y'))
    Wire.last.onclose?.({ code: CLOSE.BEHIND })
    expect(board.link).toBe(false)
    await settle(300)
    expect([Wire.all.length, Wire.last.url.endsWith('/ws/live?after=120')]).toEqual([2, true])
    Wire.last.onopen?.()
    await settle()
    expect(asked).toEqual(['/api/board'])
  })
  test('a pulse moves the cursor past facts we may not see', async () => {
    const board = await started()
    Wire.last.say({ lane: 'pulse', t_ms: Date.now(), no: 140 })
    expect(board.cursor).toBe(140)
  })
  test('a cursor that leads nowhere is answered by a new snapshot', async () => {
    const board = await started()
    answers['/api/board'] = snapshot(900)
    Wire.last.onclose?.({ code: CLOSE.STALE_CURSOR })
    await settle(300)
    expect(Wire.last.url.endsWith('/ws/live')).toBe(true)
    Wire.last.onopen?.()
    await settle()
    expect(board.cursor).toBe(900)
  })
  test('facts of a wire that broke before the snapshot are not taken for the whole', async () => {
    const board = useBoard()
    board.start(open)
    Wire.last.onopen?.()
    Wire.last.say(fact(50, 'alert:a'))
    Wire.last.onclose?.({ code: 1006 })
    await settle(300)
    answers['/api/board'] = snapshot(45)
    Wire.last.onopen?.()
    await settle()
    expect(board.cursor).toBe(45)
  })
})

describe('positions', () => {
  test('are taken, and a gap asks for a snapshot once for each frame that does not fit', async () => {
    const board = await started()
    Wire.last.bytes(frame({ type: 0, seq: 9 }, [{ handle: 1, dlon: 1, dlat: 1, meta: { kind: 1, agency: 0, status: 0, age: 0 } }]))
    expect(board.targetCount).toBe(1)
    Wire.last.bytes(frame({ type: 1, seq: 12, base: 11 }, []))
    expect(Wire.last.sent).toEqual(['{"ask":"snapshot"}'])
    Wire.last.bytes(new ArrayBuffer(5))
    expect(Wire.last.sent.length).toBe(2)
  })
})

describe('the link', () => {
  function wire() {
    const said: boolean[] = []
    const live = new LiveWire(
      { fact: vi.fn(), pulse: vi.fn(), frame: vi.fn(), opened: vi.fn(), stale: vi.fn(), anew: vi.fn(), signedOut: vi.fn(), link: (up) => said.push(up) },
      () => 5,
      open,
      () => Date.now(),
    )
    live.start()
    return { live, said }
  }
  test('is down within five seconds of silence, though the wire is still open', async () => {
    const { live, said } = wire()
    Wire.last.say({ lane: 'pulse', t_ms: 0 })
    await settle(SILENT_MS + 500)
    expect([said, SILENT_MS + 500 <= 5_000]).toEqual([[true, false], true])
    live.stop()
  })
  test('that stays silent is opened anew', async () => {
    const { live } = wire()
    await settle(DEAD_MS + 1_000)
    expect(Wire.all.length).toBe(2)
    live.stop()
  })
  test('whose session has ended is not opened again', async () => {
    wire()
    Wire.last.onclose?.({ code: CLOSE.SIGNED_OUT })
    await settle(60_000)
    expect(Wire.all.length).toBe(1)
  })
  test('is tried again ever more slowly, but for ever', async () => {
    const { live } = wire()
    for (let i = 0; i < 12; i++) {
      Wire.last.onclose?.({ code: 1006 })
      await settle(8_000)
    }
    expect(Wire.all.length).toBe(13)
    live.stop()
  })
})

test('alerts stand unacknowledged first, then by gravity, then by age', () => {
  const list = [
    alert('late', { fired_at: '2026-09-01T15:09:00.000Z' }),
    alert('early', { fired_at: '2026-09-01T15:01:00.000Z' }),
    alert('grave', { severity: 1, fired_at: '2026-09-01T15:09:30.000Z' }),
    alert('seen', { severity: 1, acknowledged_at: '2026-09-01T15:06:00.000Z' }),
  ]
  expect(list.sort(byUrgency).map((a) => a.episode)).toEqual(['grave', 'early', 'late', 'seen'])
})

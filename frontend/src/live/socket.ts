// The live wire: two lanes on one WebSocket, resumed by cursor. Knows nothing of what the facts mean.

export interface Fact {
  no: number
  kind: string
  at: string
  subject: string
  by: { person: string | null; agency: string | null }
  body: Record<string, unknown>
  exercise?: boolean
}

export interface Pulse {
  t_ms: number
  no?: number
  sources?: unknown[]
  units?: Record<string, UnitHeard>
}

/** Where one of our units was last heard. */
export interface UnitHeard {
  unit_id: string
  handle: number
  lon: number
  lat: number
  heard_at_ms: number
}

export interface Ear {
  fact(fact: Fact): void
  pulse(pulse: Pulse): void
  frame(bytes: ArrayBuffer): void
  /** `true` as soon as something is heard; `false` when nothing has been for SILENT_MS, or the wire is closed. */
  link(up: boolean): void
  /** The wire is open: from here on facts come in order. */
  opened(): void
  /** The cursor leads nowhere any more: a new snapshot is needed. */
  stale(): void
  /** What one may see has changed: all that is shown must be read anew. */
  anew(): void
  signedOut(): void
}

/** Why the server closed the wire (`web.live.Close`). */
export const CLOSE = { SIGNED_OUT: 4001, NOT_YOURS: 4003, BEHIND: 4008, STALE_CURSOR: 4010 } as const

export const SILENT_MS = 3_500 // the pulse comes each second; the link dot is red within five
export const DEAD_MS = 10_000 // then the wire is thrown away and opened anew
export const RETRY_MS = [250, 500, 1_000, 2_000, 4_000, 8_000]
export const HERE_EVERY_MS = 60_000 // an open wire alone does not keep a session alive: a moving hand does

export type Open = (url: string) => WebSocket

export class LiveWire {
  private socket: WebSocket | null = null
  private heard = 0
  private tries = 0
  private up = false
  private retry: ReturnType<typeof setTimeout> | undefined
  private watch: ReturnType<typeof setInterval> | undefined
  private here = 0

  constructor(
    private readonly ear: Ear,
    private readonly cursor: () => number | null,
    private readonly open: Open = (url) => new WebSocket(url),
    private readonly clock: () => number = () => performance.now(),
  ) {}

  start(): void {
    this.stop()
    this.tries = 0
    this.connect()
    this.watch = setInterval(() => this.look(), 500)
  }

  stop(): void {
    clearTimeout(this.retry)
    clearInterval(this.watch)
    this.drop()
    this.say(false)
  }

  askSnapshot(): void {
    this.send({ ask: 'snapshot' })
  }

  /** Somebody is at the desk. Told to the server at most once a minute. */
  hand(): void {
    const now = this.clock()
    if (now - this.here < HERE_EVERY_MS && this.here > 0) return
    if (this.send({ ask: 'here' })) this.here = now
  }

  private send(words: object): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false
    this.socket.send(JSON.stringify(words))
    return true
  }

  private connect(): void {
    const after = this.cursor()
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const url = `${scheme}://${location.host}/ws/live${after === null ? '' : `?after=${after}`}`
    const socket = this.open(url)
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    this.heard = this.clock()
    socket.onopen = () => {
      if (this.socket === socket) this.ear.opened()
    }
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (this.socket === socket) this.take(event.data)
    }
    socket.onclose = (event: CloseEvent) => {
      if (this.socket === socket) this.closed(event.code)
    }
  }

  private take(data: string | ArrayBuffer): void {
    this.heard = this.clock()
    this.tries = 0
    this.say(true)
    if (typeof data !== 'string') {
      this.ear.frame(data)
      return
    }
    const words = JSON.parse(data) as { lane?: string }
    if (words.lane === 'fact') this.ear.fact(words as unknown as Fact)
    else if (words.lane === 'anew') this.ear.anew()
    else if (words.lane === 'pulse') this.ear.pulse(words as unknown as Pulse)
  }

  private closed(code: number): void {
    this.socket = null
    this.say(false)
    if (code === CLOSE.SIGNED_OUT || code === CLOSE.NOT_YOURS) {
      this.stop()
      this.ear.signedOut()
      return
    }
    if (code === CLOSE.STALE_CURSOR) this.ear.stale()
    this.again()
  }

  private again(): void {
    clearTimeout(this.retry)
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)]!
    this.tries++
    this.retry = setTimeout(() => this.connect(), wait)
  }

  private look(): void {
    const silent = this.clock() - this.heard
    if (silent > SILENT_MS) this.say(false)
    if (silent > DEAD_MS && this.socket) {
      this.drop()
      this.again()
    }
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close()
    }
  }

  private say(up: boolean): void {
    if (up === this.up) return
    this.up = up
    this.ear.link(up)
  }
}

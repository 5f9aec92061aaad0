// Reads the binary lane of /ws/live ("JDF1") into arrays indexed by handle. No object per target, so that
// 100,000 of them cost a few milliseconds a frame. Frames come by scope (0 everybody's, n the n-th agency's), each
// with a sequence of its own: a snapshot says all there is of its scope, and nothing of the others.

export const HEADER_BYTES = 32
export const DEGREE = 600_000 // units of lon and lat in one degree
export const EXPIRE_S = 1800 // a target unheard for so long is dropped, here and at the sender
export const MAX_HANDLE = 4_000_000 // a frame that names a larger one is not ours
export const MAX_COUNT = 1_000_000

export const NO_COURSE = 255
export const NO_SPEED = 65_535

export const STATUS = { OWN: 1, SOS: 2, NO_FIX: 4 } as const

const MAGIC = 0x3146444a // "JDF1", little-endian
const SNAPSHOT = 0
const DELTA = 1
const VERSION = 1

export class BadFrame extends Error {}

export type Taken = 'taken' | 'gap' // a gap: ask for a snapshot, nothing was changed

/** All moving targets: column `x[handle]`. A target that is not `live` keeps its last position as the base of deltas. */
export class Targets {
  capacity = 0
  top = 0 // one past the largest handle ever live
  lon = new Int32Array(0) // 1/600000 degree
  lat = new Int32Array(0)
  speed = new Uint16Array(0) // 0.1 kn, NO_SPEED = not known
  course = new Uint8Array(0) // 2 degrees, NO_COURSE = not known
  kind = new Uint8Array(0)
  agency = new Uint8Array(0) // index into the board's agencies, 0 = none
  status = new Uint8Array(0)
  heard = new Float64Array(0) // ms since 1970, server's clock
  live = new Uint8Array(0)
  scope = new Uint16Array(0)
  count = 0
  time = 0 // t_ms of the last frame
  private readonly seqs = new Map<number, number>() // by scope: of the last frame taken
  changes = 0 // grows with every frame or expiry; who draws compares it

  get ready(): boolean {
    return this.seqs.size > 0
  }

  clear(): void {
    this.lon.fill(0)
    this.lat.fill(0)
    this.live.fill(0)
    this.count = 0
    this.top = 0
    this.seqs.clear()
    this.changes++
  }

  /** Forgets every target of a scope. */
  private forget(scope: number): void {
    for (let h = 0; h < this.top; h++) {
      if (this.scope[h] !== scope) continue
      this.count -= this.live[h]!
      this.live[h] = 0
      this.lon[h] = 0
      this.lat[h] = 0
    }
  }

  /** Takes one binary message. Throws BadFrame where it is broken; a broken frame forces a fresh snapshot. */
  take(buffer: ArrayBuffer): Taken {
    if (buffer.byteLength < HEADER_BYTES) throw new BadFrame('shorter than its header')
    const view = new DataView(buffer)
    if (view.getUint32(0, true) !== MAGIC) throw new BadFrame('not a JDF1 frame')
    if (view.getUint8(5) !== VERSION) throw new BadFrame(`version ${view.getUint8(5)} is not known`)
    const type = view.getUint8(4)
    if (type !== SNAPSHOT && type !== DELTA) throw new BadFrame(`type ${type} is not known`)
    const seq = view.getUint32(8, true)
    const count = view.getUint32(12, true)
    if (count > MAX_COUNT) throw new BadFrame(`${count} entries are more than ${MAX_COUNT}`)
    const time = Number(view.getBigInt64(16, true))
    const scope = view.getUint16(6, true)
    if (type === DELTA && view.getUint32(24, true) !== this.seqs.get(scope)) return 'gap'
    if (type === SNAPSHOT) this.forget(scope)
    try {
      this.read(new Uint8Array(buffer, HEADER_BYTES), scope, count, time)
    } catch (trouble) {
      this.seqs.delete(scope) // half of it may stand: nothing may build on this
      throw trouble
    }
    this.seqs.set(scope, seq)
    this.time = Math.max(this.time, time)
    this.changes++
    return 'taken'
  }

  /** Drops what has not been heard for EXPIRE_S; returns how many. */
  expire(now: number): number {
    const before = now - EXPIRE_S * 1000
    let dropped = 0
    for (let h = 0; h < this.top; h++) {
      if (this.live[h] === 1 && this.heard[h]! < before) {
        this.live[h] = 0
        dropped++
      }
    }
    this.count -= dropped
    if (dropped > 0) this.changes++
    return dropped
  }

  private read(bytes: Uint8Array, scope: number, count: number, time: number): void {
    const reader = new Reader(bytes)
    let handle = -1
    for (let i = 0; i < count; i++) {
      const group = reader.varint()
      handle += Math.floor(group / 4) + 1
      if (handle > MAX_HANDLE) throw new BadFrame(`handle ${handle} is beyond ${MAX_HANDLE}`)
      if (handle >= this.capacity) this.grow(handle + 1)
      if (this.scope[handle] !== scope) {
        this.scope[handle] = scope // the handle was another target's
        this.lon[handle] = 0
        this.lat[handle] = 0
      }
      this.lon[handle]! += reader.zigzag()
      this.lat[handle]! += reader.zigzag()
      if (group & 1) {
        const speed = reader.varint()
        const course = reader.varint()
        this.speed[handle] = speed === 0 ? NO_SPEED : speed - 1
        this.course[handle] = course === 0 || course > 180 ? NO_COURSE : course - 1
      }
      let age = 0
      if (group & 2) {
        this.kind[handle] = reader.byte()
        this.agency[handle] = reader.byte()
        this.status[handle] = reader.byte()
        age = reader.varint()
      }
      this.heard[handle] = time - age * 1000
      if (this.live[handle] === 0) {
        this.live[handle] = 1
        this.count++
        if (handle >= this.top) this.top = handle + 1
      }
    }
    if (!reader.done) throw new BadFrame('bytes are left over after the last entry')
  }

  private grow(least: number): void {
    const capacity = Math.max(least, this.capacity * 2, 1024)
    const widen = <T extends { set(from: T): void }>(make: new (n: number) => T, from: T): T => {
      const wide = new make(capacity)
      wide.set(from)
      return wide
    }
    this.lon = widen(Int32Array, this.lon)
    this.lat = widen(Int32Array, this.lat)
    this.speed = widen(Uint16Array, this.speed)
    this.course = widen(Uint8Array, this.course)
    this.kind = widen(Uint8Array, this.kind)
    this.agency = widen(Uint8Array, this.agency)
    this.status = widen(Uint8Array, this.status)
    this.heard = widen(Float64Array, this.heard)
    this.live = widen(Uint8Array, this.live)
    this.scope = widen(Uint16Array, this.scope)
    this.speed.fill(NO_SPEED, this.capacity)
    this.course.fill(NO_COURSE, this.capacity)
    this.capacity = capacity
  }
}

class Reader {
  private at = 0

  constructor(private readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at === this.bytes.length
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw new BadFrame('ends in the middle of an entry')
    return this.bytes[this.at++]!
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 5; i++) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw new BadFrame('a number is longer than five bytes')
  }

  zigzag(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}

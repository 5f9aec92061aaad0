// Writes JDF1 frames for tests: a plain twin of the sender.

export interface Entry {
  handle: number
  dlon: number
  dlat: number
  motion?: { sog: number | null; cog: number | null }
  meta?: { kind: number; agency: number; status: number; age: number }
}

export interface Head {
  type: 0 | 1
  seq: number
  base?: number
  time?: number
  count?: number
  version?: number
  scope?: number
}

export function frame(head: Head, entries: Entry[]): ArrayBuffer {
  const body: number[] = []
  const varint = (n: number) => {
    while (n >= 128) {
      body.push((n % 128) | 128)
      n = Math.floor(n / 128)
    }
    body.push(n)
  }
  const zigzag = (n: number) => varint(n >= 0 ? n * 2 : -n * 2 - 1)
  let previous = -1
  for (const e of entries) {
    varint((e.handle - previous - 1) * 4 + (e.meta ? 2 : 0) + (e.motion ? 1 : 0))
    previous = e.handle
    zigzag(e.dlon)
    zigzag(e.dlat)
    if (e.motion) {
      varint(e.motion.sog === null ? 0 : e.motion.sog + 1)
      varint(e.motion.cog === null ? 0 : e.motion.cog / 2 + 1)
    }
    if (e.meta) {
      body.push(e.meta.kind, e.meta.agency, e.meta.status)
      varint(e.meta.age)
    }
  }
  const buffer = new ArrayBuffer(32 + body.length)
  const view = new DataView(buffer)
  new Uint8Array(buffer).set([0x4a, 0x44, 0x46, 0x31, head.type, head.version ?? 1], 0)
  view.setUint16(6, head.scope ?? 0, true)
  view.setUint32(8, head.seq, true)
  view.setUint32(12, head.count ?? entries.length, true)
  view.setBigInt64(16, BigInt(head.time ?? 1_790_000_000_000), true)
  view.setUint32(24, head.base ?? 0, true)
  new Uint8Array(buffer).set(body, 32)
  return buffer
}

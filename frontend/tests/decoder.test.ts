import { describe, expect, test } from 'vitest'
import { BadFrame, DEGREE, EXPIRE_S, NO_COURSE, NO_SPEED, STATUS, Targets } from '@/live/decoder'
import { frame, type Entry } from './frames'

const T = 1_790_000_000_000
const lon = Math.round(115.6 * DEGREE)
const lat = Math.round(29.85 * DEGREE)
const ship: Entry = {
  handle: 3, dlon: lon, dlat: lat, motion: { sog: 87, cog: 244 }, meta: { kind: 1, agency: 0, status: 0, age: 12 },
}
const boat: Entry = {
  handle: 700_000, dlon: -5, dlat: -7, motion: { sog: null, cog: null },
  meta: { kind: 10, agency: 2, status: STATUS.OWN, age: 0 },
}

function started(): Targets {
  const targets = new Targets()
  expect(targets.take(frame({ type: 0, seq: 41, time: T }, [ship, boat]))).toBe('taken')
  return targets
}

describe('a snapshot', () => {
  test('gives every value of every target', () => {
    const t = started()
    expect([t.count, t.ready, t.time, t.top]).toEqual([2, true, T, 700_001])
    expect([t.lon[3], t.lat[3], t.speed[3], t.course[3], t.kind[3], t.heard[3]]).toEqual([lon, lat, 87, 122, 1, T - 12_000])
    expect([t.lon[700_000], t.lat[700_000], t.speed[700_000], t.course[700_000]]).toEqual([-5, -7, NO_SPEED, NO_COURSE])
    expect([t.agency[700_000], t.status[700_000]]).toEqual([2, STATUS.OWN])
  })
  test('replaces what was there', () => {
    const t = started()
    t.take(frame({ type: 0, seq: 90, time: T + 5000 }, [{ ...ship, handle: 5 }]))
    expect([t.count, t.live[3], t.live[5], t.lon[5]]).toEqual([1, 0, 1, lon])
  })
})

describe('a delta', () => {
  test('moves a target by differences and restarts its age', () => {
    const t = started()
    expect(t.take(frame({ type: 1, seq: 42, base: 41, time: T + 1000 }, [{ handle: 3, dlon: -60, dlat: 25 }]))).toBe('taken')
    expect([t.lon[3], t.lat[3], t.speed[3], t.heard[3]]).toEqual([lon - 60, lat + 25, 87, T + 1000])
    expect(t.heard[700_000]).toBe(T)
  })
  test('brings new targets', () => {
    const t = started()
    t.take(frame({ type: 1, seq: 42, base: 41 }, [{ ...ship, handle: 9 }]))
    expect([t.count, t.lon[9]]).toEqual([3, lon])
  })
  test('that does not build on the last frame is a gap and changes nothing', () => {
    const t = started()
    expect(t.take(frame({ type: 1, seq: 44, base: 43 }, [{ handle: 3, dlon: 1, dlat: 1 }]))).toBe('gap')
    expect([t.lon[3], t.take(frame({ type: 1, seq: 42, base: 41 }, []))]).toEqual([lon, 'taken'])
  })
  test('before any snapshot is a gap', () => {
    expect(new Targets().take(frame({ type: 1, seq: 2, base: 1 }, []))).toBe('gap')
  })
})

describe('a broken frame', () => {
  test.each([
    ['empty', new ArrayBuffer(0)],
    ['of another kind', new ArrayBuffer(64)],
    ['of a later version', frame({ type: 0, seq: 1, version: 2 }, [])],
    ['with more entries than bytes', frame({ type: 0, seq: 1, count: 3 }, [ship])],
    ['with bytes left over', frame({ type: 0, seq: 1, count: 0 }, [ship])],
    ['with a monstrous count', frame({ type: 0, seq: 1, count: 4_000_000_000 }, [ship])],
    ['with a monstrous handle', frame({ type: 0, seq: 1 }, [{ ...ship, handle: 900_000_000 }])],
  ])('%s is refused with a reason', (_, bytes) => {
    expect(() => new Targets().take(bytes)).toThrow(BadFrame)
  })
  test('cut at any byte is refused, never read as something else', () => {
    const whole = frame({ type: 0, seq: 1 }, [ship, boat])
    for (let n = 0; n < whole.byteLength; n++) expect(() => new Targets().take(whole.slice(0, n))).toThrow(BadFrame)
  })
  test('leaves nothing that a later delta could build on', () => {
    const t = started()
    expect(() => t.take(frame({ type: 1, seq: 42, base: 41, count: 2 }, [{ handle: 3, dlon: 9, dlat: 9 }]))).toThrow(BadFrame)
    expect(t.take(frame({ type: 1, seq: 43, base: 42 }, []))).toBe('gap')
    expect(t.take(frame({ type: 0, seq: 44 }, [ship]))).toBe('taken')
    expect(t.lon[3]).toBe(lon)
  })
  test('of noise never does more than be refused or ask again', () => {
    let seed = 7
    const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648)
    for (let round = 0; round < 300; round++) {
      const bytes = new Uint8Array(frame({ type: 0, seq: 1 }, [ship, boat]))
      for (let i = 0; i < 4; i++) bytes[random() % bytes.length] = random() % 256
      const t = new Targets()
      try {
        t.take(bytes.buffer)
      } catch (trouble) {
        expect(trouble).toBeInstanceOf(BadFrame)
      }
      expect(t.count).toBeLessThanOrEqual(bytes.length / 3) // an entry is three bytes at least
    }
  })
})

test('a target unheard for half an hour is dropped, and still is the base of its next delta', () => {
  const t = started()
  expect(t.expire(T + EXPIRE_S * 1000 - 12_000)).toBe(0)
  expect(t.expire(T + EXPIRE_S * 1000 - 11_000)).toBe(1)
  expect([t.live[3], t.live[700_000], t.count]).toEqual([0, 1, 1])
  t.take(frame({ type: 1, seq: 42, base: 41 }, [{ handle: 3, dlon: 10, dlat: 0 }]))
  expect([t.live[3], t.lon[3], t.count]).toEqual([1, lon + 10, 2])
})

describe('scopes', () => {
  const patrol = { ...ship, handle: 5, meta: { kind: 31, agency: 2, status: 1, age: 0 } }

  test('each has its own sequence, and a snapshot of one leaves the others alone', () => {
    const t = started()
    expect(t.take(frame({ type: 1, seq: 8, base: 7, scope: 2 }, []))).toBe('gap')
    expect(t.take(frame({ type: 0, seq: 7, scope: 2 }, [patrol]))).toBe('taken')
    expect([t.count, t.live[3], t.live[5]]).toEqual([3, 1, 1])
    expect(t.take(frame({ type: 1, seq: 8, base: 7, scope: 2 }, [{ handle: 5, dlon: 1, dlat: 0 }]))).toBe('taken')
    expect(t.take(frame({ type: 1, seq: 42, base: 41 }, []))).toBe('taken')
    expect(t.lon[5]).toBe(lon + 1)
  })
  test('an empty snapshot takes back what is no longer shared', () => {
    const t = started()
    t.take(frame({ type: 0, seq: 7, scope: 2 }, [patrol]))
    t.take(frame({ type: 0, seq: 0, scope: 2, time: 0 }, []))
    expect([t.count, t.live[3], t.live[5], t.time]).toEqual([2, 1, 0, T])
  })
  test('a handle that comes in another scope begins anew', () => {
    const t = started()
    t.take(frame({ type: 0, seq: 7, scope: 2 }, [{ ...patrol, handle: 3 }]))
    expect([t.count, t.lon[3], t.scope[3]]).toEqual([2, lon, 2])
  })
})

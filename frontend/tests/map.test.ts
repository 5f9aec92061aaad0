import { expect, test } from 'vitest'
import { degreesMinutes, metresBetween } from '@/geo'
import { DEGREE, NO_COURSE, NO_SPEED, Targets } from '@/live/decoder'
import { familyOf, SHAPE, shapeOf, strengthOf } from '@/map/looks'
import { Picker } from '@/map/pick'
import { nightStyle } from '@/map/style'
import { frame } from './frames'

function targetsAt(places: [number, number][]): Targets {
  const t = new Targets()
  const entries = places.map(([lon, lat], handle) => ({ handle, dlon: Math.round(lon * DEGREE), dlat: Math.round(lat * DEGREE) }))
  t.take(frame({ type: 0, seq: 1 }, entries))
  return t
}

test('the nearest target within reach is picked, and none beyond it', () => {
  const t = targetsAt([[115.6, 29.85], [115.601, 29.85], [115.9, 29.7]])
  const picker = new Picker(t)
  expect(picker.nearest(115.6004, 29.85, 0.002)).toBe(0)
  expect(picker.nearest(115.6008, 29.85, 0.002)).toBe(1)
  expect(picker.nearest(115.7, 29.8, 0.002)).toBeNull()
  t.take(frame({ type: 1, seq: 2, base: 1 }, [{ handle: 2, dlon: Math.round(-0.2 * DEGREE), dlat: Math.round(0.1 * DEGREE) }]))
  expect(picker.nearest(115.7, 29.8, 0.002)).toBe(2)
})

test('picking agrees with a plain search over all targets', () => {
  let seed = 11
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
  const places = Array.from({ length: 400 }, (): [number, number] => [115.5 + random(), 29.5 + random() / 2])
  const picker = new Picker(targetsAt(places))
  for (let round = 0; round < 200; round++) {
    const [lon, lat] = [115.5 + random(), 29.5 + random() / 2]
    const reach = 0.001 + random() * 0.05
    const far = ([x, y]: [number, number]) => Math.hypot(x - lon, (y - lat) / Math.cos((lat * Math.PI) / 180))
    const best = places.reduce((a, p, i) => (far(p) < far(places[a]!) ? i : a), 0)
    const expected = far(places[best]!) <= reach - 2 / DEGREE ? best : far(places[best]!) > reach + 2 / DEGREE ? null : undefined
    if (expected !== undefined) expect(picker.nearest(lon, lat, reach)).toBe(expected)
  }
})

test('a target has a shape by what it is and whether it moves', () => {
  expect(shapeOf(1, 87, 122)).toBe(SHAPE.ARROW)
  expect(shapeOf(1, 3, 122)).toBe(SHAPE.DOT)
  expect(shapeOf(1, NO_SPEED, 122)).toBe(SHAPE.DOT)
  expect(shapeOf(1, 87, NO_COURSE)).toBe(SHAPE.DOT)
  expect(shapeOf(33, 0, 0)).toBe(SHAPE.SQUARE)
  expect(shapeOf(57, 300, 10)).toBe(SHAPE.CROSS)
  expect(shapeOf(13, 0, 0)).toBe(SHAPE.RING)
  expect([familyOf(6), familyOf(34), familyOf(49), familyOf(200)]).toEqual(['sand', 'vehicle', 'person', 'air'])
})

test('a symbol fades with age and never vanishes', () => {
  expect([strengthOf(0), strengthOf(30), strengthOf(1e6)]).toEqual([1, 1, 0.3])
  expect(strengthOf(400)).toBeGreaterThan(strengthOf(800))
})

test('the base map asks nothing of any other host', () => {
  const style = nightStyle('zh')
  expect(JSON.stringify(style)).not.toMatch(/https?:/)
  expect(style.glyphs ?? style.sprite).toBeUndefined()
})

test('distances and places are written as people read them', () => {
  expect(metresBetween(115.53, 29.85, 115.53, 29.86)).toBeCloseTo(1111.95, 0)
  expect(degreesMinutes(115.595, 29.8367)).toBe('29°50′12″N 115°35′42″E')
})

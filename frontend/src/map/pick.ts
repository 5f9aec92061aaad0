// Finds the target under the pointer: a coarse grid over all live targets, made anew only when they have changed.
import { DEGREE, type Targets } from '@/live/decoder'

const CELL = DEGREE / 100 // about a kilometre

/** Grid cell of a position, as one number. */
const cellOf = (x: number, y: number): number => (y + 20_000) * 100_000 + (x + 20_000)

export class Picker {
  private cells = new Map<number, number[]>()
  private made = -1

  constructor(private readonly targets: Targets) {}

  /** The live target nearest to a point within `reach_deg` degrees of longitude, or null. All in degrees. */
  nearest(lon: number, lat: number, reach_deg: number): number | null {
    if (this.made !== this.targets.changes) this.build()
    const t = this.targets
    const squeeze = Math.cos((lat * Math.PI) / 180) // a degree of longitude is shorter than one of latitude
    const reach_lat = reach_deg * squeeze
    let best: number | null = null
    let least = reach_deg * reach_deg
    const far = Math.min(40, Math.ceil((reach_deg * DEGREE) / CELL)) // never more than 81 cells across
    const x0 = Math.floor((lon * DEGREE) / CELL)
    const y0 = Math.floor((lat * DEGREE) / CELL)
    const tall = Math.min(far, Math.ceil((reach_lat * DEGREE) / CELL))
    for (let y = y0 - tall; y <= y0 + tall; y++) {
      for (let x = x0 - far; x <= x0 + far; x++) {
        for (const handle of this.cells.get(cellOf(x, y)) ?? []) {
          const dx = t.lon[handle]! / DEGREE - lon
          const dy = (t.lat[handle]! / DEGREE - lat) / squeeze
          const away = dx * dx + dy * dy
          if (away <= least) {
            least = away
            best = handle
          }
        }
      }
    }
    return best
  }

  private build(): void {
    const t = this.targets
    this.cells.clear()
    for (let handle = 0; handle < t.top; handle++) {
      if (t.live[handle] !== 1) continue
      const key = cellOf(Math.floor(t.lon[handle]! / CELL), Math.floor(t.lat[handle]! / CELL))
      const cell = this.cells.get(key)
      if (cell) cell.push(handle)
      else this.cells.set(key, [handle])
    }
    this.made = t.changes
  }
}

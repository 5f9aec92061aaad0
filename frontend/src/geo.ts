const EARTH_M = 6_371_008.8

/** Great-circle distance in metres between two places in degrees (haversine on a sphere). */
export function metresBetween(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const rad = Math.PI / 180
  const half =
    Math.sin(((lat2 - lat1) * rad) / 2) ** 2 +
    Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * Math.sin(((lon2 - lon1) * rad) / 2) ** 2
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)))
}

/** `29°50′12″N 115°35′42″E`. */
export function degreesMinutes(lon: number, lat: number): string {
  const part = (value: number, plus: string, minus: string): string => {
    const total = Math.round(Math.abs(value) * 3600)
    const two = (n: number) => String(n).padStart(2, '0')
    return `${Math.floor(total / 3600)}°${two(Math.floor((total % 3600) / 60))}′${two(total % 60)}″${value < 0 ? minus : plus}`
  }
  return `${part(lat, 'N', 'S')} ${part(lon, 'E', 'W')}`
}

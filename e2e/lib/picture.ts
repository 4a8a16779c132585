/** Pixels of a screenshot. */

import { PNG } from 'pngjs';
import type { Locator } from '@playwright/test';

export type Colour = readonly [red: number, green: number, blue: number];

export class Picture {
  private constructor(private readonly png: PNG) {}

  static async of(element: Locator): Promise<Picture> {
    return new Picture(PNG.sync.read(await element.screenshot()));
  }

  get width(): number {
    return this.png.width;
  }

  get height(): number {
    return this.png.height;
  }

  at(x: number, y: number): Colour {
    const place = (Math.floor(y) * this.png.width + Math.floor(x)) * 4;
    const [red = 0, green = 0, blue = 0] = this.png.data.subarray(place, place + 3);
    return [red, green, blue];
  }

  /** The part of the pixels that are like `colour`, from 0 to 1. */
  share(colour: Colour, tolerance = 40): number {
    let n = 0;
    for (let y = 0; y < this.height; y += 2) {
      for (let x = 0; x < this.width; x += 2) {
        if (near(this.at(x, y), colour, tolerance)) n += 1;
      }
    }
    return n / (Math.ceil(this.height / 2) * Math.ceil(this.width / 2));
  }

  /** The part of the pixels that differ clearly from `other`, from 0 to 1; 1 when the sizes differ. */
  difference(other: Picture, tolerance = 24): number {
    if (this.width !== other.width || this.height !== other.height) return 1;
    let n = 0;
    for (let y = 0; y < this.height; y += 2) {
      for (let x = 0; x < this.width; x += 2) {
        if (!near(this.at(x, y), other.at(x, y), tolerance)) n += 1;
      }
    }
    return n / (Math.ceil(this.height / 2) * Math.ceil(this.width / 2));
  }

  /** How many clearly different colours there are: 1 is a bare surface. */
  nColours(): number {
    const seen = new Set<number>();
    for (let y = 0; y < this.height; y += 4) {
      for (let x = 0; x < this.width; x += 4) {
        const [red, green, blue] = this.at(x, y);
        seen.add(((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4));
      }
    }
    return seen.size;
  }
}

function near(a: Colour, b: Colour, tolerance: number): boolean {
  return Math.abs(a[0] - b[0]) <= tolerance && Math.abs(a[1] - b[1]) <= tolerance && Math.abs(a[2] - b[2]) <= tolerance;
}

import { expect, type Locator, type Page } from '@playwright/test';

export class RoomsPage {
  constructor(private readonly page: Page) {}

  async open(): Promise<void> {
    await this.page.goto('/rooms');
    await this.expectShown();
  }

  async expectShown(): Promise<void> {
    await expect(this.page.getByRole('heading', { name: 'Rooms', level: 1 })).toBeVisible();
  }

  async search(text: string): Promise<void> {
    await this.page.getByRole('searchbox').fill(text);
  }

  /** The list's entry of a room. */
  row(name: string): Locator {
    return this.page.getByRole('row').or(this.page.getByRole('listitem')).filter({ has: this.link(name) });
  }

  link(name: string): Locator {
    return this.page.getByRole('link', { name });
  }
}

/** Opens a tab by its link. */
export const openTab = (page, name) => page.getByRole('navigation', { name: 'Tabs' }).getByRole('link', { name }).click();

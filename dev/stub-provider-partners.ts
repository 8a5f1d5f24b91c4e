export interface StubPartner {
  code: string;
  id: string;
  company: { name: string; vat: string };
  address: { street: string; zip: string; city: string; country: string };
}

export const demoPartners: StubPartner[] = [
  {
    code: 'NORTH-7K3F-2M9T',
    id: 'P-10017',
    company: { name: 'Nordwind Kältetechnik GmbH', vat: 'DE298471536' },
    address: { street: 'Am Sandtorkai 41', zip: '20457', city: 'Hamburg', country: 'DE' },
  },
  {
    code: 'HARBR-4Q8W-6XPD',
    id: 'P-10042',
    company: { name: 'Harbour Marine Services Ltd', vat: 'GB374920618' },
    address: { street: '12 Ocean Quay, Belvidere Road', zip: 'SO14 5QY', city: 'Southampton', country: 'GB' },
  },
  {
    code: 'ALPIN-9BTC-3HRV',
    id: 'P-10108',
    company: { name: 'Alpin Antriebe Huber & Söhne KG', vat: 'ATU58273941' },
    address: { street: 'Bahnhofstraße 7', zip: '6020', city: 'Innsbruck', country: 'AT' },
  },
];

/** What to type into the Console's mapping for answers of this shape. */
export const demoMapping = {
  name: 'company.name',
  street: 'address.street',
  postalCode: 'address.zip',
  city: 'address.city',
  country: 'address.country',
  vatNumber: 'company.vat',
  externalId: 'id',
};

/** However a code is typed. */
export function findPartner(partners: StubPartner[], typed: string): StubPartner | undefined {
  const canonical = (code: string) => code.toUpperCase().replace(/[\s-]/g, '');
  return partners.find(({ code }) => canonical(code) === canonical(typed));
}

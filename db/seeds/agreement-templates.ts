/** Version 1 of both agreements: templates that say what this installation does; an OEM publishes its own over them. */
export const agreementTemplates = [
  {
    document: 'terms',
    texts: [
      {
        language: 'en',
        title: 'Terms of Service',
        body: `## Your account
You register yourself and your company. You are the first administrator of your company's account and may invite colleagues or family later.

## What you promise
The details you give are true, you may act for the company you name, and you keep your password to yourself.

## What we promise
We run the service with care, tell you before these terms change, and ask you to accept a new version before it applies to you.

## Ending it
You may close your account at any time. We may suspend an account that is used to harm others.`,
      },
      {
        language: 'de',
        title: 'Nutzungsbedingungen',
        body: `## Ihr Konto
Sie registrieren sich und Ihr Unternehmen selbst. Sie sind die erste Administratorin oder der erste Administrator des Kontos Ihres Unternehmens und können später Kolleginnen, Kollegen oder Familienmitglieder einladen.

## Was Sie zusagen
Ihre Angaben sind richtig, Sie dürfen für das genannte Unternehmen handeln, und Sie behalten Ihr Passwort für sich.

## Was wir zusagen
Wir betreiben den Dienst sorgfältig, informieren Sie vor Änderungen dieser Bedingungen und bitten Sie um Zustimmung, bevor eine neue Fassung für Sie gilt.

## Beendigung
Sie können Ihr Konto jederzeit schließen. Wir können ein Konto sperren, mit dem anderen geschadet wird.`,
      },
    ],
  },
  {
    document: 'privacy',
    texts: [
      {
        language: 'en',
        title: 'Privacy Policy',
        body: `## What we store
Your e-mail address, your name, your phone number if you give it, your company's details, your language, and which agreements you accepted and when. Your password is stored only as a hash that cannot be turned back.

## What for
To let you and your colleagues use the connected products of your company, and to answer when you ask for help.

## How long
Until you close your account. A registration that is not finished is erased within a day after it ends.

## Your rights
You may see, correct and export your data, and have it erased.`,
      },
      {
        language: 'de',
        title: 'Datenschutzerklärung',
        body: `## Was wir speichern
Ihre E-Mail-Adresse, Ihren Namen, Ihre Telefonnummer, falls Sie sie angeben, die Angaben zu Ihrem Unternehmen, Ihre Sprache sowie welchen Vereinbarungen Sie wann zugestimmt haben. Ihr Passwort wird nur als nicht umkehrbarer Hashwert gespeichert.

## Wofür
Damit Sie und Ihre Kolleginnen und Kollegen die vernetzten Produkte Ihres Unternehmens nutzen können und wir Ihnen bei Fragen helfen können.

## Wie lange
Bis Sie Ihr Konto schließen. Eine nicht abgeschlossene Registrierung wird innerhalb eines Tages nach ihrem Ende gelöscht.

## Ihre Rechte
Sie können Ihre Daten einsehen, berichtigen, exportieren und löschen lassen.`,
      },
    ],
  },
];

// The schema's migrations, in order, as embedded from SQL/migrations. The generator names a file
// `0001_x.sql` `_001_x_sql`.

package import Postgres

/// The files of SQL/migrations.
package enum Migrations {
  /// All of them, ready to be applied. Throws when the files are misnumbered: our fault.
  package static func migrator() throws(MigrationError) -> Migrator {
    var migrations: [Migration] = []
    for (fileName, bytes) in embedded {
      let sql = String(decoding: bytes, as: UTF8.self)
      migrations.append(try Migration(fileName: fileName, sql: sql))
    }
    return try Migrator(migrations)
  }

  private static var embedded: [(String, [UInt8])] {
    [
      ("0001_catalogue.sql", PackageResources._001_catalogue_sql),
      ("0002_partners.sql", PackageResources._002_partners_sql),
      ("0003_shows.sql", PackageResources._003_shows_sql),
      ("0004_sales.sql", PackageResources._004_sales_sql),
      ("0005_create_show.sql", PackageResources._005_create_show_sql),
      ("0006_read_sales.sql", PackageResources._006_read_sales_sql),
      ("0007_write_sales.sql", PackageResources._007_write_sales_sql),
      ("0008_verify_sales.sql", PackageResources._008_verify_sales_sql),
      ("0009_feed_publication.sql", PackageResources._009_feed_publication_sql),
      ("0010_waiting_list.sql", PackageResources._010_waiting_list_sql),
      ("0011_operators.sql", PackageResources._011_operators_sql),
      ("0012_search.sql", PackageResources._012_search_sql),
      ("0013_accounts.sql", PackageResources._013_accounts_sql),
      ("0014_owners.sql", PackageResources._014_owners_sql),
      ("0015_catalogue_feed.sql", PackageResources._015_catalogue_feed_sql),
      ("0016_certificates.sql", PackageResources._016_certificates_sql),
      ("0017_movie_details.sql", PackageResources._017_movie_details_sql),
      ("0018_sales_stream.sql", PackageResources._018_sales_stream_sql),
      ("0019_offers.sql", PackageResources._019_offers_sql),
      ("0020_blocks.sql", PackageResources._020_blocks_sql),
      ("0021_verify_blocks.sql", PackageResources._021_verify_blocks_sql),
      ("0022_allocations.sql", PackageResources._022_allocations_sql),
      ("0023_schedules.sql", PackageResources._023_schedules_sql),
      ("0024_lock_order.sql", PackageResources._024_lock_order_sql),
      ("0025_show_movies.sql", PackageResources._025_show_movies_sql),
      ("0026_ticket_codes.sql", PackageResources._026_ticket_codes_sql),
      ("0027_authors.sql", PackageResources._027_authors_sql),
      ("0028_sandbox.sql", PackageResources._028_sandbox_sql),
      ("0029_sandbox_clock.sql", PackageResources._029_sandbox_clock_sql),
      ("0030_add_ons.sql", PackageResources._030_add_ons_sql),
      ("0031_attached_add_ons.sql", PackageResources._031_attached_add_ons_sql),
      ("0032_verify_add_ons.sql", PackageResources._032_verify_add_ons_sql),
      ("0033_offer_raises.sql", PackageResources._033_offer_raises_sql),
      ("0034_allocation_bound.sql", PackageResources._034_allocation_bound_sql),
      ("0035_verify_waits.sql", PackageResources._035_verify_waits_sql),
      ("0036_returned_allocations.sql", PackageResources._036_returned_allocations_sql),
      ("0037_schedule_rules.sql", PackageResources._037_schedule_rules_sql),
      ("0038_retired_seats.sql", PackageResources._038_retired_seats_sql),
      ("0039_movie_twins.sql", PackageResources._039_movie_twins_sql),
      ("0040_upload_speed.sql", PackageResources._040_upload_speed_sql),
      ("0041_settlement.sql", PackageResources._041_settlement_sql),
      ("0042_show_days.sql", PackageResources._042_show_days_sql),
      ("0043_others.sql", PackageResources._043_others_sql),
      ("0044_untouched_shows.sql", PackageResources._044_untouched_shows_sql),
      ("0045_upload_rows.sql", PackageResources._045_upload_rows_sql),
      ("0046_account_ends.sql", PackageResources._046_account_ends_sql),
      ("0047_sold_sums.sql", PackageResources._047_sold_sums_sql),
      ("0048_indexes.sql", PackageResources._048_indexes_sql),
      ("0049_others.sql", PackageResources._049_others_sql),
      ("0050_closed_houses.sql", PackageResources._050_closed_houses_sql),
      ("0051_attempts_at_once.sql", PackageResources._051_attempts_at_once_sql),
      ("0052_others.sql", PackageResources._052_others_sql),
    ]
  }
}

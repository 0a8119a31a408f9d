//! Signatures of RSASSA-PKCS1-v1_5 made with the key of RFC 7515 appendix A.2, whose encoded message is not that of RFC 8017
//! section 9.2, in the manner of Project Wycheproof: each is what the name says, and everything else is as it should be.

/// Over [`RS256`](super::rfc::RS256)'s header and payload, the first one sound.
pub(super) const PKCS1: [(&str, &str); 31] = [
    (
        "sound",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU\
         Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d\
         O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig\
         cN_IoypGlUPQGe77Rw",
    ),
    (
        "the hash alone",
        "kz1vfQPMFNyxbDJlcUhKUIeumoPgJ-62fUvIDDdwyar6_abIXmvJzmpeCOLe1kwQrTzURVrQ3XPSW7R4CiZM5pUS3T_WjPLN-Pj76idF4_3C\
         GJfFf5utuQldr2h57hODO70xggMx6Jw6BUEVOZb5EOVNF0L5COPTA0VHRl63PHovrnVWK4Np7rY91UzNblrT1CFDHr0v-6Wc9zmLAmQYfTiI\
         HIYfzGpLzLN19KOA4XsLg76SVOePkGxv5VZJNVSmOmIQ_aWmPkflz2RDLddSy9AMiI4BuhWUilJrV1ZmxQZcviBhwSO-vdaDgU28cHxZ5dCP\
         aa3ULp4g46FBkvBF0A",
    ),
    (
        "no NULL behind the name of the hash",
        "m5Ox2gAv_JWF66B2GuC8miTYnFWM_f9YrHIzyPEaaV8eLCKmIcXoSkf4ms2sv3jyhT_6SDi_lu4IHH4UiUsWuTwyJyrT6tvmBEedYISjANMF\
         NfyU7HmhKQdfkAWQkmoT0VfTsHPlq68LI3QytkKdEHbasZ56c1TsaeQWxsXBfosGWdnhzdQDORwWMlhGX_vwx1fVw9zXTvQDIyYTOqbjS-xQ\
         kKosWwxDRyrb8Ccjm7dL_36FPqMrpSsJ8IA4rXCVKRHQNXogzJYwbbPloAdwI5gQ7K-v0cxcmJtbBd_T0RyLoUhIZjiBRX43gshzmreMEwu5\
         GQ8TbTGmitLs5mqtVA",
    ),
    (
        "something other than NULL there",
        "MRSEMGVpQ1dBXtmpD9hXqFXyGBnBrQjjnQ5zmPk67LsNA_hnRpLd6Z65UVYRFG-9wuzMwb08FYUlK0BKQz5f2gh7PvsICUAe2OYOmIzp-pqY\
         CFOFo48oqcRGNoAwZhYcjU8KuUUZOI3SIprnAaZdkYas0bKCqlfd565gNU3SNBb2ajLzysDpXWV-LskTG6V1pCAjRx4_tw2pMCkJc50lZYSq\
         7WSgEREEFqmM4bWqniVjzTSyis19ITzsYL9pWhRtZJq8sugH6wECL5nwiO7166NbnupmiGsX0ng3AfELcgXhVE2m9gsLBWqIhvlahEJ-PW2O\
         A0wGLioOgTjm9vfIjw",
    ),
    (
        "a short padding and bytes behind the hash",
        "FtGOjHn8tPSJO9maPqp7TyfVpg8ARSart5DDgsqW9ksK11j1qA7GhoRBO3lGcxJL4MzlDmaK4FqEcIgnYX51uq5VlNK617ucAmR2wygIon8o\
         VTuORjOzcyfUsqoILJki06Akf0B_KVXgLvZDrnPmXg1t7QwhEiGLXtodq2a7leVupueBaOlbpr9lOOYSaDLjFo-e2RJPJqyuUSiRYaVEATOG\
         aZa680_rjnCvsfEFvWCodxfTUTTsLPL2IQOH1Gd_92fAIfGX-9E9Vk6_xD2xqecc7Vai9ZoOX3dJZ1FNdr62svZmbfDu7lp2_uu57lJwMyEg\
         lGL4m8QtFA1vlTpbzw",
    ),
    (
        "no padding and bytes behind the hash",
        "HPJ0AEKFTeJanNSW9wTDpb5Ecm78C6yBF75uXRvatKlvUC_1Phv8v8JSlv_WcK-NfCjOVsE4swPnBCaoFICtMWXhf5vNQLMjttpKRPnyCASx\
         jdhbbGMl3Iq5vhaafMnhTOkdYBmw1bUxrOs92z1nLoe7wE2bgWN5d1r3BmHlDyPGJN8RKfIY0By3WuZysqH8HqxbK2GcFVUx7_7y8AR8fjTS\
         NHY-dPA5gtyc_9EUJ_njzQHu0pdfN6A1YfJgIQQRfCPl0D6A3Z2gEYRVxQ2Vc6-hkq2ikyArhNEdhmeg-7QR2Vb-t2owI-UL29uENEtMfkAy\
         GMhqtIU3lc34SNX3gQ",
    ),
    (
        "bytes inside the DigestInfo",
        "RSAJHlY-HdAJJZRSIB-VizazC4jbp-fvQqsPdfLi5jL_KR_woLvMwsQOBvKRcWzZkrwsEGAzOSEOoQ2Gxog7_p7NrQTHtD4S1_HSJ4Jpm892\
         NSf1yCkEkZEvLyVgURcTeeem6_SmVZt6jk1eJLSD-MxVM3kcZzfDqKZ95fKjthnAQyABiw4pSr6oC48QP297nsLNUWl_LXmzFMqIpXHf2pY9\
         ggv9gyux67U3RTAE1CtRcEotm3NdtmAvpWEO92cqO9cv11V6K7U0U7YWT6JQqPPjsLRBjoXXlY4d-BKOgkuZwnus9kVINjgrZp8ZQHdCy8Xo\
         mN2dmWW2e62O-thg0g",
    ),
    (
        "a NULL with bytes in it",
        "WvIctUoaOT3idokfv6Hfp5YCrVA-FSgjuIsDoMKXTDkNlZHJ4BCoVf6-HgTBALjZ7uV_S7WuZ129voOaQbEVqB4KQzS3CAHpOpyYvNpqqq0-\
         NmhKdPjI6_zEGQW6eZn-LHJSV56vUZXh9Jzlhty2DzENXtxZIuKKUPWjo0EnxgGEsbhkcbzgS_wtlgdKVmFjXtDE9wkZ40-6XscE8qjRj8iM\
         SvjFQVA7TPzqIsSrQXbifUdf9NiupGP6PpfuYF3iWRXFurUj24aFuT4UCVFaR_QwSGoyNaPXnXYRk8eW80UjSO2kxKN5kCdDo7uNjFduwSzV\
         FGENXEJpO6FHQe0EWA",
    ),
    (
        "block type 2",
        "HdBWwXW2lg7XFurUJoXNyu7syoSqJr62gFRyLACf-uqL-D5gxblxdW5EhpgfKHqOwUCdSGR0X2ohoRG59xxviS0TEJrAhSIWQ2qWYzAzkV86\
         OFh4hASy9X6c4ikekjpo-ef9Rgrwb6swYYkgFmFmHsgyWqqA9IDU2AtECdbbWhdPvtUtIlJNs8JgrulacKUg_R8-3FLWh3_tSrIzaLbGXiye\
         2fafpFBcQAG8YPAZmooLjkje44Mfv3-slp2U9KVqYGdlWlEP8rcNCLtePpdbTR0zMl8o0X1rKVB4vEpVNkYTPeD0VHZX_mWKgad4zg_J2_0B\
         BlfJJDn8sOaxzq6iDA",
    ),
    (
        "block type 0",
        "TZO9-bAJ2sIcJUY0PC8qjjiC_5Uc0UTfnvhJO_M-RlziWth8LSPxkv3n6bUaTpPNC7lMRQ7D_UQlKMozzBLTz8EpiwYXd5P8QVP-CiEQlt46\
         EQgSH1I0ltievg-oPW7poDTxOb4ZFxe-4XssYDTH5rnz6yozNo5lKNdqkwozVe5PoofDBj-47M7VfMvvN9TvoC57Uup-4-e2EQn7PTjky8PS\
         -AlNF1aU9HnaikvU1nYAJ0n7qTfnLmSnyODgL7vMV3Ybp8I84zsk7lx8sRBCL1GeS8aIPG3M8NNKQjXUsX2-A003LurwIqyDMxJMz5AHh-dA\
         8_l8MNfBxrS680j4Kw",
    ),
    (
        "a padding of zeros",
        "g_AG3B7c9bdT8NeC1PL0p57ncdRLlHg6RMZLlubogHpAs2N7K3XJR3cgm6t1A_tR9VxRnzLv7o3qEVWdit8APhrmBW8yFQ5DD0Bn2Y3J63uv\
         nwUVoMEdvQi9wO_bYblcxGk__CiYhZfMB0P9yxcs6vKIQvuSVgW7KV-Sg5V5k1GSL95ROWjQl8oluJbeXndDNA1ZpC-dTV1WkZ5V2uqjjg9f\
         zgf07bDP-TQeapiYp-yWOR6E8YiyDNMgHcHoYpaZKaQLZCxN4NEhtbxYFbcWTYsnH1AcLagVVm871pd-u-I-AjsVubuMspdNHIMsdhqXx9UD\
         Rm5hOhub_ZmeGeMe6w",
    ),
    (
        "a padding of 0xfe",
        "bd5pLQOj81qNggHIyhx_hT2xdkCtDahS9BGltJvUlxcYqrrzEaOg6F3RZ0kSTx-PDMMtThYQSnUB8idvPt_BTa_Jd7hg5_IoX2IMdC4xrNwv\
         zKmrZf9OFT7HTNLCDq8mASHtXuvMMVXnXyoDBHCqNxVvJqpL5qI-lLYZ7XuxzYwFXr3S_vx0cnq6u7JLwjAkTWO13ecXgnyncStDwtmmW6He\
         m7DeKCnBj5UnOW-3PxhSWZrMKrIhv2qoOjX0ryiUuPBgUx_k92JYw1ZrGPiiRBDhVxMF3uXNlATane7wLrD8rt-QxSt2h579elU37H11MUEi\
         oyLzw_shiLCtsnQMkg",
    ),
    (
        "one byte of the padding",
        "ngXQyTDDtRLKuxweEZl2jYeX1DbchosNzKQfodjmASFusVXwP_fWP4YD3wHVNJ99C5nvbMyFCbNPvaFQh8bl-0t9L8MAgUx7durLT3bk_gcU\
         8S142i1KEW2oDbQtexdgW9ci--u2z48_yEHJjpiJo3dxNdrlVs6Gtifz7tMJjv8VnqRJctNtG8EFrBV-XPxraYjRiwq_44kW_UIDDMHVoF_b\
         NhiDuq8oyWgYYYJQmAegsne5ok2gTRZ9UDlhetxAPh3GqqZozIf7lVvBYAS2saHKfzTlgSN5JObokP_pczYxbC_6YDjq5zMi_L5LMsdkx-4z\
         BWXP-VOjl4mikpNjDA",
    ),
    (
        "a zero inside the padding",
        "WE3psLbBVwSfFj4tjdA6GNocZcpeN3369ZrCbvPhebtkE02mYH14vZxhAEIG3FsE6mxgBIoEXEmxtk9uTyey94ITnb27NopPe2mjLwbVxWSS\
         uwNz8jGhNnHEa7nyR3EAKTi3ALINDUNINTbnrU5Vai65CT2JBrve8Qagqo4OnzN4riUNgKR9R5SWVHBsvSR0W9WXAuGky70wj4uYpAEmjvjG\
         glQ8iU0OkQMxSdDOMfN93JXxPZzM-_ToOo0B8r6Ez1XeSw_njw5fexKeyBUj6JUGEcIEtn7pZxR721L42le_2XASDDYJfB3y4--SirEFQ-9z\
         HnVwTgY-sT_IHWHXOg",
    ),
    (
        "no zero behind the padding",
        "b2e7zQFNkSO6IRFqS5D-GWuKjyM6w8-RwW4TM6iXg5ClaEeN-d-EwD7AxA8Ln0b5SHEVtdTpuqnUO-xqY1TX4lIDLQV5RTvRGCXeMvTOmjcE\
         ml8IGeICxxgsyUb6dcTJvZLKsEo54RvDHf1hsfYKhw8z8qM5A4qIwWjBfC6HVYuyTXlNT9guCBj404Sw4dROI04OxHIMV8nX8uFVq3B-4RKT\
         iJ9kg-Z00iPf80ACL97Z4odta_W3drJJ0GV0PUAI3X1EhZh3EE7oHgeWBTCz88HH59Scmmon_bteLUJfwcMYmxfnzplNqXBtNqP6hhGwesBr\
         vQm0lQ34bUGbnqajXg",
    ),
    (
        "a first byte of one",
        "KKBt2UYl9s9hw73bq6VLVNQbOBGid-xnEVubWJESBrioDV-2j1BrppV01kFJvY_yezA--Q6XsrDedukVyhfV9iMSl4lIPaoaGh1Ub-lJXpDS\
         SSAChtOA62_N_VI9XbwROxJDeNw_hAL9G7CeeFb0Yx_n2QfWS8XISUymNx5phBkkCzHTUKo5OoPb8QN5_IKCALc3cbJbajTip7dypCJZAEIy\
         bGYpp7KfhiL4WRXQZjOr5VfACErZTdqyIq41xS0-T4elUL1qxGykOmTWJgz6bN6id9gD2VtKKII_2IWPeit9B8stsH9gjXn37MTlcSP4S5Rf\
         ReXVIWWlg_f2gvZmuQ",
    ),
    (
        "the length in two bytes",
        "AYH37wM5h5zvtGf475kT6vQDieiHeXcj6PawJWIJzwk1K7H5gmo7x2IxWsrOTIIA2cYmDT5iQFt1Qfln5dHLMSeYapBaiucWPTNbz9JtCmm6\
         9b9Y0w7kx-seq1YCmEb7Ttzj48cnL0dHAvqtv3m1l3K9_iQzztxMbgK_rnAMWzMAQxf8ntTnuNIbfoHVdCpa8orAN-a6M6jWpsZXEoCzwtO3\
         V-OY7wa689xpmWxgs00cf58d83ps9GtD9Ar95m8vU0L7ffEw5fyA-4u1HZZhdOimqI5i_sOE_h_EfdifGhBpZaqF5ibi1TjC7Qme2hN2unlL\
         DaFL8BVlRLThHmjUIQ",
    ),
    (
        "an indefinite length",
        "kbQwLCokVjdypwOvMDqw1ax3lXyQRaiU1Aklb6pYvraF_2YjOc6k6dLwcx66uoBCS8Hrtt9cW4VIsr9Prnr37SBZVbK1ZCU2JIcWNcQu0cRk\
         mMZnNLB4fC0eXBdd_ZpGOC_0fZ0R8Ue4f2CfP-UViYnvTbySdbgE-M9qhSY0fDGe3ael1nexnvn4Vj6_iSLsKBKmqvA617ydOfTU_taAiauh\
         H9CTEKi3_-_tITsHMr6zCmKisLicvqJO-b7bggW6uAgLOMwJgzDT1p1rjdYmWQZZ6i5Q_4mGcKCMU9qV5vkBb8XD3y0yF5s7gfipFdveYDES\
         -Nbra9ILELSjq-dJHg",
    ),
    (
        "SHA-1 by name",
        "RVJbt7c0-Vn0SAtguER4GtTGSUA1DkkXg2BXvP7iPrFj1Onijkm4pP_K621iX2dfsgZEwnnn_HgFya-O60T_8pqTL9sG5vYuC7Sd6kiRZfdz\
         pBqdQu_YUVM1T3SWq3s5PfwH5mFZInthK5h7H-eflolwWUmFof8e2_CmS_N7xXN8cYeQjJB-4isUxut6vPEhm6PmCpLW4xR88ZYHN3SASvaB\
         h3a9z6Y_1IzZXmDLtOeUJKyk_MlRFfByweirmbLSSjjARczTXAJTE2rqwhmvkQAI7hg-0lxoJD22flZUmNvT7EVpFefsy1OHimMoDx4Ce7Gt\
         U7M-kv13UbtBX52CpQ",
    ),
    (
        "SHA-1",
        "d7Ni7B9xEcinPE2L4U_imjdmAc96m82bP_VMSj8XjklIQNN_7ZZyQZm6kmI7SZX1kMZo37dLN74mOadkchB4LUoYjUzhPn2AmEUWNB7FxcBu\
         487Ef9clPqErY7FfM1LnYrVnmSXHT-Zi7B146-zUkwbkDB5yfKq9AziylLxlf-BEfhxSSJDZD_T_0tDz-7_xqLQhrXYXj3zo2d9U67uDaGeF\
         jraK-AcRjj3sn_jtpV64_o3hK1kIdUDrGY-QppiQxLeAvwa3dVwTB2qaN9ym5rmZhg9JWmJ2JfJyIclaMRU8BE1N7J1Yhc0ToFyCwqZk7lOr\
         zsMd1Ur369sk2vY2nw",
    ),
    (
        "SHA-512",
        "jVVNFquIjYtsXWDHTCFaq0UoNhuL2qq0KNQ3hx6V-dfxtc2obZ81vcL-mpmCxsnW5VzZtAuEM__uUpFTtoP65kGyVR8ebwUMhr_ra0JzpO4f\
         S1SrHTu-f-GqPoN9LYXM_7pmT2dYbGw2-AqbLTutv-lBG04TQHbgJ3ISx14bjdACIRh8DGtQwvHQBpV_S-KM_yweOiqt5ff5GckMaaGqSuDT\
         lVupVE46NfXiE3tjf3PnnztWuOJ-lNNtQ0ojc-jGX7DpreVDWFkh4WpnC_dPVlhTpq8F-mKSsOEBc4B7-J_bnR80VNx2sCEq3GH49TRs2js-\
         J0VIef8hX7H-3aQt4g",
    ),
    (
        "MD5",
        "N63G_mICd5VTYVAupfU36BlobZZL7MuXmDKRHY0DAiyDSFfCQuElvOrkgkEa_lB9rbFVh717KzUR7JWGq5yCyPO7CTH97C2nwmiKwC03abPk\
         cl_Y8rw-khCPL2DWwHBsJ97BdvFVW1CYpRbLuHmi4FYIReMbB5vqK-8Sr4OoGZJK1sH-blu3vZSR5gWKSqA9rwLuoHjHFIWhJGvea7OL3HCK\
         g5uurnAunvz1hPZxBwyg26z7SNDLpW7qyPudFOy0yq_3zavWEbRQ9dnzfe_48eKegYZhPoQeomyMOjIKGV1ztwmDYqo8quTOmk3v0722ECHZ\
         9L_i_xQk125lhi_kpw",
    ),
    (
        "half a hash",
        "QdJZWe-ct6EV7-8c87mAxysB6-1MXEjEIlj9bAO7azPyaUaJugM32_IxYaw-VABUthJb6zV3nSnLG3ywQ8koYrKS-PXrZD3AXTbVXE2aTz62\
         _7tm64C4z_cWId8PNP5VlPy0Fg3m5tqKaRalMlWTDSye3Tg6Rfqp5VIJVcjdYZr3QJ5eTl3hlcxRdKSTl6h2RKYvFqM9aXFbyRMxGk_4EfjT\
         16GIQdINym_Tm6gERN44MRsZle5P9uwRAE9r6T15d1EY4Pi48OB-GJdvuhuQFD_u_yX_WOME547I0iFzen8oUdEQxR2hOm-9W3A4UGlJMXwZ\
         UjiePc4c2-HF5S1ubg",
    ),
    (
        "no hash",
        "Xoa2mrhyF2v2i_kxX8RmGINrdSjl8vYMN1qo7PUjlOCh7o8B72lcl6-AblmG9J4BKZj47Oyh4joxNkakenhJqS2Z2saoZXnKEaqaQUVLbkQk\
         SzKgUZtKIto9cFzNtwloqegZ3VoyvAya6zxJGBC6TcLU_v_PphEoFOV_iwcOj8t4GfUtKxF3qAGWpknRx4epQINCnJfDUUE6s0JDT6TYfCCC\
         5X74hjwRTHTGXlzEvDnmnsz7SgJH_RHdsfF02axhswmXqVPYKg0LpXbGVIzU3BrK510LCqQYQSYjdcxtVlOPaajhVx3J2kq7sfxaTiBkXJ7j\
         M8_4XG_R0TTjkA1F7A",
    ),
    (
        "the hash of nothing",
        "W6MI2y_kfmc08oJrt7480mBWHIYxy6n9DBwh3vtSylw-ErUyl8UJiTx1pxMBpDwGzfBA6P5D4itEPsg9ghMFlBgxCHzy9ylmIrr-h4o7pM3y\
         VFr4phdmGicYOnVvvqBs5Nl4bAhPFOLhi1hbK9ZY_xpk7MuNzGX7aFlHdQgtlayP69vi6WSbV8xdAZQylMvdc0REVLCCkbS69CMqNf9wiVdG\
         4SS2Bl6juGVYj8yRM7wA_yKyWxsQXOcW1tqy3ez_7AyRdcYyOYfltXfMQESjSSa_daA7jCt0ViJiRY8CbkzY4z5PV4_caCMn2sc80HS3EMvF\
         0nF1uSLjbq04wQrOfg",
    ),
    (
        "one",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
         AAAAAAAAAAAAAAAAAQ",
    ),
    (
        "two",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
         AAAAAAAAAAAAAAAAAg",
    ),
    (
        "the modulus less one",
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ\
         S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2\
         R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD\
         TW9gb54h4FRWyuXpoA",
    ),
    (
        "the modulus",
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ\
         S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2\
         R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD\
         TW9gb54h4FRWyuXpoQ",
    ),
    (
        "the modulus and one",
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ\
         S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2\
         R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD\
         TW9gb54h4FRWyuXpog",
    ),
    (
        "PSS",
        "F5KbM3iPYqD1-372iPzRVJt6-tGZdwX5naNT5YYXSSAX7ivWLK7L0TeJpvsbNGUNLrd7QpuzHA0IwkYVjjrWHcxwgF2gCMWM3JQrPUYV-Wzk\
         uE_nb4nA0mdxMyVMkTXJLMynz-uSujgP7J-F9ejc938PPS2Ei55xwBargwpwFHYbYnucly0GiLPvslG1kP2TRzx3h4wmLwHiwUHXJv3eP46A\
         ANH8dIWVN3Og0gMkMMGFH03gCgt3ZI9GF--kfhq4GfRsOIFdiXB_Wrwi4aPLmdFKtbb7fIpEXtHQLJoGbsIMin9rSzKjW1NZLrXzbcZ2adcg\
         NvhFLkHaLhfzI7_8kQ",
    ),
];
